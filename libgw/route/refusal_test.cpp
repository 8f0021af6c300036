#include "route/refusal.hpp"

#include "testing/catch.hpp"

namespace gw::route {
namespace {

TEST_CASE("a decision that failed is refused with its code, its words and its stage") {
  auto const check = [](errc code, std::string_view stage) {
    auto const made = refusal_of({.fault = code, .why = "so"});
    CHECK(made.code == code);
    CHECK(made.why == "so");
    CHECK(made.stage == stage);
    CHECK_FALSE(made.retry_after_ms.has_value());
  };
  check(errc::parse_error, "parse");
  check(errc::no_route, "route");
  check(errc::rule_error, "route");
}

TEST_CASE("a message that waited in vain may be tried again after a second, unless that is of no use") {
  auto const nobody = undeliverable({.code = errc::no_instance, .context = no_instance_text("a"), .cause = {}});
  CHECK(nobody.stage == "discover");
  CHECK(nobody.retry_after_ms == 1000);
  auto const rejected = undeliverable({.code = errc::handshake_rejected, .context = "x", .cause = {}});
  CHECK(rejected.stage == "connect");
  CHECK_FALSE(rejected.retry_after_ms.has_value());
}

TEST_CASE("an error frame has the routing key, the service and the correlation keys of its message") {
  constexpr std::string_view text = R"({"method":"/api/v1/a/x","id":7})";
  auto const facts = facts_of({.method = "/api/v1/a/x", .named_service = "a"}, no_such_instance, text);
  CHECK(facts.code == errc::no_instance);
  CHECK(facts.method == "/api/v1/a/x");
  CHECK(facts.service == "a");
  CHECK(facts.data.id == "7");
  CHECK(facts.stage == "discover");
  CHECK_FALSE(facts_of({}, unknown_control, "x").method.has_value());
}

}  // namespace
}  // namespace gw::route

TEST_CASE("an open circuit is told with the time that is left") {
  auto const why = gw::route::circuit_is_open("chat", std::chrono::milliseconds(4'321));
  auto const made = gw::route::undeliverable(why);
  CHECK(made.code == gw::errc::circuit_open);
  CHECK(made.why == "too many dials of 'chat' have failed");
  CHECK(made.stage == "connect");
  CHECK(made.retry_after_ms == 4'321);
  CHECK(gw::describe(why) == "too many dials of 'chat' have failed: no sooner than in 4321 ms");
}
