#include "route/circumstances.hpp"

#include "testing/catch.hpp"

#include <string>

namespace {

using gw::route::circumstances;

circumstances of(std::string_view raw_fields, std::string_view target, gw::route::questions const& asked,
                 gw::route::handshake with) {
  auto const raw = "GET " + std::string(target) + " HTTP/1.1\r\nHost: h\r\n" + std::string(raw_fields) + "\r\n";
  auto const head = gw::wire::judge_request(raw);
  REQUIRE(head.has_value());
  auto const split = gw::wire::judge_target(head->target);
  REQUIRE(split.has_value());
  return gw::route::circumstances_of(
      asked,
      {.head = *head, .target = *split, .subprotocol = with.subprotocol, .client = with.client, .user = with.user});
}

gw::wire::request_head const no_head;
gw::wire::split_target const no_target;
gw::route::handshake const anybody{.head = no_head, .target = no_target};

/// Of the fields, the first query parameter or cookie called as asked; "absent" if there is none.
std::string shown(std::vector<circumstances::item> const& items, std::string_view name) {
  auto const value = gw::route::value_of(items, name);
  return value ? "= " + std::string(*value) : "absent";
}

}  // namespace

TEST_CASE("a handshake is kept as far as rules ask for it") {
  std::string_view const fields = "X-A: 1\r\nX-B: 2\r\nCookie: c=3; d=4\r\n";
  gw::route::handshake const somebody{
      .head = no_head, .target = no_target, .subprotocol = "chat", .client = "10.0.0.9", .user = "ann"};
  auto const nothing = of(fields, "/ws?e=5&f=6", {}, somebody);
  CHECK(nothing.path.empty());
  CHECK(nothing.subprotocol.empty());
  CHECK_FALSE(nothing.client.has_value());
  CHECK_FALSE(nothing.user.has_value());
  CHECK(nothing.headers.empty());
  CHECK(nothing.query.empty());
  CHECK(nothing.cookies.empty());
  CHECK_FALSE(nothing.control);
  gw::route::questions const asked{.path = true,
                                   .subprotocol = true,
                                   .client = true,
                                   .user = true,
                                   .headers = {"x-a"},
                                   .query = {"e"},
                                   .cookies = {"d"}};
  auto const kept = of(fields, "/ws/%41?e=5&f=6", asked, somebody);
  CHECK(kept.path == "/ws/A");
  CHECK(kept.subprotocol == "chat");
  CHECK(kept.client == gw::config::parse_ip("10.0.0.9"));
  CHECK(kept.user == "ann");
  CHECK(kept.headers.size() == 1);
  CHECK(shown(kept.headers, "x-a") == "= 1");
  CHECK(kept.query.size() == 1);
  CHECK(shown(kept.query, "e") == "= 5");
  CHECK(kept.cookies.size() == 1);
  CHECK(shown(kept.cookies, "d") == "= 4");
}

TEST_CASE("a session that negotiated wsgw.v1 may send control messages") {
  CHECK(of("", "/ws", {}, {.head = no_head, .target = no_target, .subprotocol = "wsgw.v1"}).control);
  CHECK_FALSE(of("", "/ws", {}, {.head = no_head, .target = no_target, .subprotocol = "wsgw.v2"}).control);
}

TEST_CASE("query parameters are decoded once and the first of a name counts") {
  auto const check = [](std::string_view query, std::string_view expected) {
    CAPTURE(query);
    CHECK(shown(of("", "/ws?" + std::string(query), {.query = {"a"}}, anybody).query, "a") == expected);
  };
  check("a=1", "= 1");
  check("a", "= ");
  check("a=", "= ");
  check("", "absent");
  check("b=1", "absent");
  check("A=1", "absent");
  check("b=1&a=2&a=3", "= 2");
  check("%61=x", "= x");
  check("a=x%20y+z%2Bw", "= x y z+w");
  check("a=%2541", "= %41");
  check("a=%zz%4", "= %zz%4");
  check("a=1=2", "= 1=2");
  check("&&a=1&&", "= 1");
  check("a=%c3%A9", "= \xC3\xA9");
}

TEST_CASE("cookies are taken as they came") {
  auto const check = [](std::string_view fields, std::string_view expected) {
    CAPTURE(fields);
    CHECK(shown(of(fields, "/ws", {.cookies = {"a"}}, anybody).cookies, "a") == expected);
  };
  check("", "absent");
  check("Cookie: a=1\r\n", "= 1");
  check("cookie: b=2;a=1 ; c=3\r\n", "= 1");
  check("Cookie: a=1; a=2\r\n", "= 1");
  check("Cookie: b=2\r\nCookie: a=1\r\n", "= 1");
  check("Cookie: a=\"x%20y\"\r\n", "= \"x%20y\"");
  check("Cookie: a\r\n", "= ");
  check("Cookie: xa=1; A=2\r\n", "absent");
  check("Cookie: b=a=1\r\n", "absent");
}

TEST_CASE("a header that stands there several times is one list") {
  auto const check = [](std::string_view fields, std::string_view expected) {
    CAPTURE(fields);
    CHECK(shown(of(fields, "/ws", {.headers = {"X-A"}}, anybody).headers, "X-A") == expected);
  };
  check("", "absent");
  check("x-a: 1\r\n", "= 1");
  check("X-A:\r\n", "= ");
  check("X-A: 1\r\nX-B: 2\r\nx-A: 3\r\n", "= 1, 3");
  check("X-AB: 1\r\n", "absent");
}
