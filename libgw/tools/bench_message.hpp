// The messages of a load test as bytes: one text per service, written as masked frames; and what an answer is.
// Pure; used by the generator's connections only.
#pragma once

#include "core/error.hpp"
#include "tools/bench_plan.hpp"
#include "wire/frame.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace gw::tools {

/// What a text from the server is to the generator.
struct bench_answer {
  enum class kind : std::uint8_t {
    answer,          // to the oldest unanswered message of `service`
    error,           // the same, but a gateway's error frame: `code`
    channel_closed,  // a notice: all unanswered messages of `service` are lost
    push,            // belongs to no message
    unknown,         // belongs to no service that we sent to
  };
  kind what = kind::unknown;
  std::size_t service = 0;  // index
  std::string_view code{};
};

/// Immutable while the generator runs; shared by its threads.
class bench_messages {
 public:
  /// errc::bad_usage: the size has no room for the message.
  static result<bench_messages> make(bench_plan const& plan);

  std::size_t services() const noexcept { return texts_.size(); }
  std::size_t largest_frame() const noexcept;

  /// Writes a masked text frame for the `ordinal`-th message of connection `connection` to `service` at `to`, which has
  /// room for largest_frame(). Returns its size.
  std::size_t write(char* to, std::size_t service, std::uint64_t connection, std::uint64_t ordinal,
                    wire::mask_key key) const;

  bench_answer classify(std::string_view text) const noexcept;

  /// Is `text` the very message that write() made?
  bool equals(std::string_view text, std::size_t service, std::uint64_t connection,
              std::uint64_t ordinal) const noexcept;

 private:
  struct of_service {
    std::string text;
    std::string method_prefix;   // of a raw echo and of an error frame
    std::string service_prefix;  // of a mock's envelope
    std::size_t stamp_at = 0;    // where the stamp is written; 0: there is none
  };

  bench_answer classify_error(std::string_view from_code, std::size_t service) const noexcept;
  // Indices; services() if there is none.
  std::size_t service_in_front(std::string_view text) const noexcept;
  std::size_t service_named(std::string_view text) const noexcept;

  std::vector<of_service> texts_;
};

}  // namespace gw::tools
