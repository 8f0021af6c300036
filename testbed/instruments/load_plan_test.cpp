#include "instruments/load_plan.hpp"

#include "testing/catch.hpp"

using namespace gw::testbed;

TEST_CASE("A load plan is read from JSON, and what it does not know is refused") {
  auto const plan = load_plan::parse(
      R"({"gateways":["127.0.0.1:80"],"services":["a","b"],"clients":7,"rate":12.5,"reconnect_ms":[5,300]})");
  REQUIRE(plan.has_value());
  CHECK(plan->gateways.front().text() == "127.0.0.1:80");
  CHECK(plan->services.size() == 2);
  CHECK(plan->clients == 7);
  CHECK(plan->rate == 12.5);
  REQUIRE(plan->reconnect);
  CHECK(plan->reconnect->second == std::chrono::milliseconds(300));
  for (auto const* const bad :
       {"", "{}", R"({"gateways":["127.0.0.1:80"],"client":1})", R"({"gateways":["x"]})",
        R"({"gateways":["127.0.0.1:80"],"clients":"7"})", R"({"gateways":["127.0.0.1:80"],"services":[]})"}) {
    CAPTURE(bad);
    CHECK_FALSE(load_plan::parse(bad).has_value());
  }
}
