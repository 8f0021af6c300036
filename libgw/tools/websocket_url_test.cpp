#include "tools/websocket_client.hpp"

#include "testing/catch.hpp"

using namespace gw::tools;

namespace {

/// "host|port|target", or "refused".
void check(std::string_view text, std::string_view expected) {
  CAPTURE(text);
  auto const url = parse_websocket_url(text);
  CHECK((url ? url->host + "|" + std::to_string(url->port) + "|" + url->target : std::string("refused")) == expected);
}

}  // namespace

TEST_CASE("A WebSocket URL is taken apart") {
  check("ws://127.0.0.1:8080/ws", "127.0.0.1|8080|/ws");
  check("ws://gateway.local", "gateway.local|80|/");
  check("ws://[::1]:9001/a/b?x=1&y=%20", "::1|9001|/a/b?x=1&y=%20");
  check("ws://[::1]", "::1|80|/");
  check("ws://h?token=1", "h|80|/?token=1");
  check("wss://h", "h|443|/");
  check("wss://h:80/ws", "h|80|/ws");
  CHECK(parse_websocket_url("wss://h")->secure);
  CHECK_FALSE(parse_websocket_url("ws://h")->secure);
}

TEST_CASE("A WebSocket URL that could be misunderstood is refused") {
  check("http://h/", "refused");
  check("wss:/h/", "refused");
  check("WSS://h/", "refused");
  check("h:80", "refused");
  check("ws://", "refused");
  check("ws://:80/", "refused");
  check("ws://h:/", "refused");
  check("ws://h:0/", "refused");
  check("ws://h:65536/", "refused");
  check("ws://h:80x/", "refused");
  check("ws://user@h/", "refused");
  check("ws://[::1/", "refused");
  check("ws://[::1]x/", "refused");
  check("ws://h/#part", "refused");
  check("ws://h/a b", "refused");
  check("ws://h\r\nX: y/", "refused");
}

TEST_CASE("The Host of a URL leaves the default port out") {
  CHECK(parse_websocket_url("ws://h:80/")->host_field() == "h");
  CHECK(parse_websocket_url("ws://h:81/")->host_field() == "h:81");
  CHECK(parse_websocket_url("wss://h:443/")->host_field() == "h");
  CHECK(parse_websocket_url("wss://h:80/")->host_field() == "h:80");
  CHECK(parse_websocket_url("ws://[::1]:81/")->host_field() == "[::1]:81");
}

TEST_CASE("A header field is written as name, colon and value") {
  auto const field = parse_field("X-User: ann: b");
  REQUIRE(field.has_value());
  CHECK(field->name == "X-User");
  CHECK(field->value == "ann: b");
  CHECK(parse_field("Empty:")->value.empty());
  for (auto const* const bad : {"X-User", ": v", "a b: c", "X: a\r\nY: b"}) CHECK_FALSE(parse_field(bad).has_value());
}
