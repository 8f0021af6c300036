#include "tools/mock_control.hpp"

#include "testing/catch.hpp"

#include <fmt/core.h>

using namespace gw::tools;

namespace {

void check(std::string_view line, std::string_view expected) {
  CAPTURE(line);
  auto const parsed = parse_mock_command(line);
  if (!parsed) {
    CHECK(parsed.error().context == expected);
    return;
  }
  constexpr std::array names = {"set", "reset", "close", "send", "list"};
  auto const& c = *parsed;
  auto text = fmt::format("{}: {}", c.whom, names[static_cast<std::size_t>(c.what)]);
  if (!c.name.empty()) text += " " + c.name;
  if (!c.value.empty()) text += " '" + c.value + "'";
  if (c.what == mock_command::verb::close) text += fmt::format(" {}", c.code);
  CHECK(text == expected);
}

}  // namespace

TEST_CASE("A control line says whom it concerns and what is to change") {
  check("order-1 delay 50ms", "order-1: set delay '50ms'");
  check("  order\tfail   5%\r", "order: set fail '5%'");
  check("* delay 5ms p99 80ms", "*: set delay '5ms p99 80ms'");
  check("chat refuse on", "chat: set refuse 'on'");
  check("chat refuse", "chat: set refuse 'on'");
  check("chat close_after 3", "chat: set close-after '3'");
  check("chat delay off", "chat: set delay 'off'");
  check("chat text {\"id\": {/id}}", "chat: set text '{\"id\": {/id}}'");
  check("chat reset", "chat: reset");
  check("chat close", "chat: close 1000");
  check("chat close 1006", "chat: close 1006");
  check("chat send hello  you", "chat: send 'hello  you'");
  check("list", "*: list");
  check("list chat", "chat: list");
  check("chat list", "chat: list");
}

TEST_CASE("A control line that is wrong says why") {
  check("", "the line is empty");
  check("order", "what about 'order'? write 'order SETTING VALUE', or 'list'");
  check("order dealy 5ms", "there is no 'dealy'; did you mean 'delay'?");
  check("order delay", "a value is missing; write 'order delay TIME' or 'order delay off'");
  check("order reset now", "'reset' takes no value");
  check("order send", "a text is missing; write 'order send TEXT'");
  check("order close 999", "close-code: '999' is not a close code (1000 to 4999)");
  check("order status 200", "status: '200' must be a number from 400 to 599");
}

TEST_CASE("A control line concerns an instance, a service or all") {
  mock_command const all{};
  CHECK(all.concerns("order", "order-1"));
  mock_command const one{.whom = "order-1"};
  CHECK(one.concerns("order", "order-1"));
  CHECK_FALSE(one.concerns("order", "order-2"));
  mock_command const service{.whom = "order"};
  CHECK(service.concerns("order", "order-2"));
  CHECK_FALSE(service.concerns("chat", "chat-1"));
}
