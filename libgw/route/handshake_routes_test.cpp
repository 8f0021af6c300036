#include "route/handshake_routes.hpp"

#include "testing/catch.hpp"

namespace {

using gw::config::route;
using gw::route::handshake_routes;

std::vector<std::string> const services = {"chat", "feed"};

/// The id of the route that takes it, or "none".
std::string taken(std::vector<route> const& routes, std::string_view path, std::string_view host = "example.com") {
  auto const made = handshake_routes::make(routes, services);
  REQUIRE(made.has_value());
  auto const* const found = made->match(path, host);
  return found == nullptr ? "none" : found->id + " to " + services[found->service];
}

std::string fault(route const& r) {
  auto const made = handshake_routes::make({&r, 1}, services);
  return made ? "fine" : made.error().context;
}

route made(std::string id, std::string uri, std::vector<std::string> predicates, std::size_t order = 0) {
  return {.id = std::move(id), .uri = std::move(uri), .predicates = std::move(predicates), .order = order};
}

}  // namespace

TEST_CASE("a route takes the handshakes that all its predicates accept") {
  auto const chat = made("chat", "lb://chat", {"Path=/chat/**,/talk", "Host=example.com,[::1]"});
  CHECK(taken({chat}, "/chat") == "chat to chat");
  CHECK(taken({chat}, "/chat/room/1") == "chat to chat");
  CHECK(taken({chat}, "/talk") == "chat to chat");
  CHECK(taken({chat}, "/talk/x") == "none");
  CHECK(taken({chat}, "/chatter") == "none");
  CHECK(taken({chat}, "/chat", "EXAMPLE.com:8080") == "chat to chat");
  CHECK(taken({chat}, "/chat", "[::1]:8080") == "chat to chat");
  CHECK(taken({chat}, "/chat", "example.com.evil") == "none");
  CHECK(taken({}, "/chat") == "none");
}

TEST_CASE("the first route by order wins, and equal ones as they stand") {
  auto const late = made("late", "lb://chat", {}, 9);
  auto const first = made("first", "lb://feed", {"Path=/a/**"}, 1);
  auto const second = made("second", "lb://chat", {"Path=/a/b"}, 1);
  CHECK(taken({late, first, second}, "/a/b") == "first to feed");
  CHECK(taken({late, second, first}, "/a/b") == "second to chat");
  CHECK(taken({late, second, first}, "/other") == "late to chat");
}

TEST_CASE("a route that cannot be is an error that names it and its key") {
  CHECK(fault(made("x", "ws://chat", {})) == "route 'x': uri: 'ws://chat' is not lb://SERVICE");
  CHECK(fault(made("x", "lb://none", {})) == "route 'x': uri: 'lb://none' names no service");
  CHECK(fault(made("x", "lb://chat", {"Path"})) == "route 'x': predicates: 'Path' has no '='");
  CHECK(fault(made("x", "lb://chat", {"Cookie=a"})) ==
        "route 'x': predicates: 'Cookie' is unknown; write Path= or Host=");
}
