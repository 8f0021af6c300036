// The script language of `wsgw client`: what to send, what to expect. Parsing and verdicts; pure.
// Used by the client, whose options -x, --call and --expect make the same steps.
#pragma once

#include "core/error.hpp"

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace gw::tools {

struct step {
  enum class kind : std::uint8_t {
    send,          // text
    binary,        // the bytes of `text`
    call,          // text: the method; value: the data, JSON
    expect_any,    // the next message, whatever it is
    expect,        // the next message: at the JSON Pointer `text` stands `value`, or with `regex` what it matches
    expect_also,   // the same message again
    expect_text,   // the next message contains `text`, or with `regex` matches it
    expect_close,  // the server closes, with `code` unless that is 0
    capture,       // of the same message: the variable `text` becomes what stands at the JSON Pointer `value`
    ping,
    close,  // with `code`
    wait,   // for `time`
  };
  kind what = kind::send;
  std::string text{};
  std::string value{};
  bool regex = false;
  std::uint16_t code = 0;
  std::chrono::milliseconds time{};
  std::size_t line = 0;  // of the script; 0: an option of the command line

  /// Takes a message from the server.
  bool takes_message() const noexcept {
    return what == kind::expect || what == kind::expect_text || what == kind::expect_any;
  }
  /// Looks at the message that was taken last.
  bool looks_back() const noexcept { return what == kind::expect_also || what == kind::capture; }
  /// "line 3: expect /n=2", "--expect /n=2".
  std::string where() const;
};

/// One step a line:
///   send TEXT | call SERVICE/PATH [JSON] | expect [PTR=VALUE] | expect PTR=~REGEX | expect-text TEXT |
///   expect-match REGEX | and PTR=VALUE (the same message again) | capture NAME = PTR (of the same message) |
///   expect-close [CODE] | ping | close [CODE] | wait 100ms | # comment
/// Behind its capture ${NAME} in the texts of send and call and in a VALUE is replaced. Regular expressions are those
/// of RE2 and match anywhere. errc::bad_usage names the line and says how to write it.
result<std::vector<step>> parse_script(std::string_view script);

/// `call` as on the command line: "echo/hello" and JSON data (empty: null).
result<step> make_call(std::string_view service_and_path, std::string_view data);

/// `expect` as on the command line: "PTR=VALUE"; the value is JSON, or else the string it spells; or "PTR=~REGEX".
result<step> make_expect(std::string_view pointer_and_value);

/// The message of a `call`: {"method":"/api/v1/SERVICE/PATH","data":DATA,"id":ID}.
std::string call_message(step const& call, std::uint64_t id);

/// What a script has captured, as it is put in: a string as it stands inside of its quotes, anything else as JSON.
using captured = std::map<std::string, std::string, std::less<>>;

/// The step with every ${NAME} of `from` replaced where that is done.
step filled_in(step s, captured const& from);

/// Obeys a capture: puts what `message` holds into `to`, or says what was looked for and what came.
std::optional<std::string> capture(step const& how, std::string_view message, captured& to);

/// Judges `message` by an expect, expect_also or expect_text step. Nothing: met. Otherwise what was expected and what
/// came, in lines for people.
std::optional<std::string> complaint(step const& expectation, std::string_view message);

}  // namespace gw::tools
