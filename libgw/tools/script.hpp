// The script language of `wsgw client`: what to send, what to expect. Parsing and verdicts; pure.
// Used by the client, whose options -x, --call and --expect make the same steps.
#pragma once

#include "core/error.hpp"

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace gw::tools {

struct step {
  enum class kind : std::uint8_t {
    send,          // text
    call,          // text: the method; value: the data, JSON
    expect,        // the next message: at the JSON Pointer `text` stands `value`
    expect_also,   // the same message again
    expect_text,   // the next message contains `text`
    expect_close,  // the server closes, with `code` unless that is 0
    ping,
    close,  // with `code`
    wait,   // for `time`
  };
  kind what = kind::send;
  std::string text{};
  std::string value{};
  std::uint16_t code = 0;
  std::chrono::milliseconds time{};
  std::size_t line = 0;  // of the script; 0: an option of the command line

  /// Takes a message from the server.
  bool takes_message() const noexcept { return what == kind::expect || what == kind::expect_text; }
  /// "line 3: expect /n=2", "--expect /n=2".
  std::string where() const;
};

/// One step a line:
///   send TEXT | call SERVICE/PATH [JSON] | expect PTR=VALUE | and PTR=VALUE (the same message again) |
///   expect-text TEXT | expect-close [CODE] | ping | close [CODE] | wait 100ms | # comment
/// errc::bad_usage names the line and says how to write it.
result<std::vector<step>> parse_script(std::string_view script);

/// `call` as on the command line: "echo/hello" and JSON data (empty: null).
result<step> make_call(std::string_view service_and_path, std::string_view data);

/// `expect` as on the command line: "PTR=VALUE"; the value is JSON, or else the string it spells.
result<step> make_expect(std::string_view pointer_and_value);

/// The message of a `call`: {"method":"/api/v1/SERVICE/PATH","data":DATA,"id":ID}.
std::string call_message(step const& call, std::uint64_t id);

/// Judges `message` by an expect, expect_also or expect_text step. Nothing: met. Otherwise what was expected and what
/// came, in lines for people.
std::optional<std::string> complaint(step const& expectation, std::string_view message);

}  // namespace gw::tools
