// A conversation by hand: what the lines of a person mean, and how what comes is shown. Pure: knows neither terminals
// nor sockets. Used by `wsgw client` at a terminal.
#pragma once

#include "tools/client.hpp"
#include "tools/script.hpp"

#include <cstddef>
#include <cstdint>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace gw::tools {

/// What a line asks for.
struct repl_order {
  enum class kind : std::uint8_t {
    nothing,      // or only `say`
    act,          // `deed`
    send_binary,  // the file `path`
    save,         // the message that came last, into the file `path`
    leave,
  };
  kind what = kind::nothing;
  step deed{};
  std::string path{};
  std::string say{};  // to be shown; lines without a line feed at the end
};

class repl {
 public:
  /// `services`: known from the beginning; others are learnt from what is said.
  explicit repl(std::vector<std::string> const& services);

  /// A line, without its line feed. A message that begins with { or [ goes on over further lines until it is whole; an
  /// empty line sends it as it is.
  repl_order take(std::string_view line);
  /// The bytes of a file that it was told to send.
  repl_order binary(std::string bytes);
  bool is_inside_message() const noexcept { return !unfinished_.empty(); }
  std::string_view prompt() const noexcept { return is_inside_message() ? ". " : "> "; }

  struct completions {
    std::size_t begin = 0;             // of the word that is completed, in bytes
    std::vector<std::string> words{};  // for its whole, sorted
  };
  /// For the line up to the cursor: commands, and services where one belongs.
  completions complete(std::string_view line) const;

  /// What happened, as it is shown: safe for a terminal, lines without a line feed at the end.
  std::string show(client_event const& happened);

  /// The message that came last.
  std::string const& latest() const noexcept { return latest_; }

 private:
  repl_order command(std::string_view line);
  repl_order message(std::string text);
  std::string show_message(client_event const& e);
  std::string stats() const;
  void learn_from(std::string_view message);

  struct counts {
    std::uint64_t messages = 0;
    std::uint64_t bytes = 0;
  };

  std::set<std::string, std::less<>> services_;
  std::string unfinished_;
  std::string latest_;
  counts sent_;
  counts received_;
  double now_ms_ = 0;
};

/// Whether a text that begins as a JSON object or list lacks its end.
bool is_unfinished_json(std::string_view text) noexcept;

}  // namespace gw::tools
