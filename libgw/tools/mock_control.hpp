// The control lines of a running mock service: "order-1 delay 50ms", "order fail 5%", "list". Parsing; pure. Used by
// the mock service.
#pragma once

#include "core/error.hpp"
#include "tools/mock_behaviour.hpp"

#include <string>
#include <string_view>

namespace gw::tools {

struct mock_command {
  enum class verb : std::uint8_t {
    set,    // `name` to `value`
    reset,  // to what it was started with
    close,  // every connection, with `code`
    send,   // `value` on every connection
    list,   // who there is, with behaviours and counts
  };
  verb what = verb::list;
  std::string whom = "*";  // an instance, a service, or all
  std::string name{};
  std::string value{};
  std::uint16_t code = 1000;  // 1006: without a Close

  bool concerns(std::string_view service, std::string_view instance) const {
    return whom == "*" || whom == service || whom == instance;
  }
};

///   WHOM SETTING VALUE | WHOM SETTING off | WHOM reset | WHOM close [CODE] | WHOM send TEXT | list [WHOM]
/// A setting that is on or off needs no value to be on. errc::bad_usage says what is wrong; whether WHOM is anybody is
/// for the caller to know.
result<mock_command> parse_mock_command(std::string_view line);

}  // namespace gw::tools
