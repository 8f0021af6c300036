// The messages of a load test as bytes: each text of the mix for each service, written as masked frames; and what an
// answer is. Pure; used by the generator's connections only.
#pragma once

#include "core/error.hpp"
#include "tools/bench_plan.hpp"
#include "tools/bench_template.hpp"
#include "wire/frame.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace gw::tools {

/// What a text from the server is to the generator.
struct bench_answer {
  enum class kind : std::uint8_t {
    answer,          // to a message to `service`
    error,           // the same, but a gateway's error frame: `code`
    channel_closed,  // a notice: all unanswered messages of `service` are lost
    push,            // belongs to no message
    unknown,         // belongs to no service that we sent to
  };
  kind what = kind::unknown;
  std::size_t service = 0;  // index
  std::string_view code{};
  std::uint64_t times = 1;  // error: so many messages it stands for
};

/// Which message is to be written: a service and a text of the mix. Each connection goes through them in turn.
struct bench_turn {
  std::size_t service = 0;
  std::size_t place = 0;  // in the order of the mix
};

/// Immutable while the generator runs; shared by its threads.
class bench_messages {
 public:
  /// `plan` outlives it. errc::bad_usage: the size has no room for the message, a text is no template or holds nothing
  /// at `match`, or a closed loop would hold too much memory.
  static result<bench_messages> make(bench_plan const& plan);

  std::size_t services() const noexcept { return services_.size(); }
  std::size_t largest_frame() const noexcept { return most_ + wire::max_header_size; }

  /// Connections begin at different places of the mix.
  bench_turn first_turn(std::uint64_t connection) const noexcept { return {0, connection % order_.size()}; }
  void advance(bench_turn& turn) const noexcept {
    if (++turn.service != services_.size()) return;
    turn.service = 0;
    if (++turn.place == order_.size()) turn.place = 0;
  }

  /// The text of the message; `room`, of largest_frame() bytes, may be used for it.
  std::string_view text(bench_turn const& turn, bench_blanks const& with, bench_random& random, char* room) const;

  /// Writes `text` as a masked frame to `to`, which has room for largest_frame() bytes. Returns its size.
  static std::size_t write(char* to, std::string_view text, wire::mask_key key);

  bench_answer classify(std::string_view text) const noexcept;

 private:
  struct of_service {
    std::string method_prefix;          // of a raw echo and of an error frame
    std::string service_prefix;         // of a mock's envelope
    std::vector<bench_template> texts;  // as in the mix
    std::size_t echo_size = 0;          // of the only text, if that never changes
  };

  result<> judge_size(bench_plan const& plan) const;
  result<> judge_match(bench_plan const& plan) const;
  static result<std::string> default_text(bench_plan const& plan, of_service const& to, std::string_view service);
  bench_answer classify_error(std::string_view from_code, std::size_t service) const noexcept;
  // Indices; services() if there is none.
  std::size_t service_in_front(std::string_view text) const noexcept;
  std::size_t service_named(std::string_view text) const noexcept;

  std::vector<of_service> services_;
  std::vector<std::uint32_t> order_;  // places in the mix
  std::size_t most_ = 0;              // bytes of a text
};

/// So many places of each weight as it says, each spread as evenly as can be.
std::vector<std::uint32_t> spread(std::vector<bench_text_of_message> const& mix);

}  // namespace gw::tools
