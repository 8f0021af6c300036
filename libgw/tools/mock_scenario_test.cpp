#include "tools/mock_scenario.hpp"

#include "testing/catch.hpp"

#include <fmt/core.h>

using namespace gw::tools;

namespace {

std::string settings_of(mock_behaviour const& how) {
  std::string all;
  for (auto const& s : mock_settings()) {
    auto const value = s.show(how);
    if (!value.empty()) all += fmt::format(" {}={}", s.name, value);
  }
  return all;
}

/// "order-1 delay=5ms; order-2 ..."
std::string plans_of(mock_scenario const& scenario) {
  std::string all;
  for (auto const& plan : scenario.plans) {
    for (std::size_t i = 1; i <= plan.instances; ++i) {
      all += fmt::format("{}{}-{}{}", all.empty() ? "" : "; ", plan.service, i, settings_of(plan.behaviour_of(i)));
    }
  }
  return all;
}

void check_good(std::string_view toml, std::string_view expected) {
  CAPTURE(toml);
  auto const read = read_mock_scenario(std::string(toml), "mock.toml");
  for (auto const& p : read.problems) UNSCOPED_INFO(gw::config::format(p));
  CHECK(read.problems.empty());
  CHECK(plans_of(read) == expected);
}

/// Each problem as "line:column key: text".
void check_bad(std::string_view toml, std::vector<std::string> const& expected) {
  CAPTURE(toml);
  std::vector<std::string> got;
  for (auto const& p : read_mock_scenario(std::string(toml), "mock.toml").problems) {
    got.push_back(fmt::format("{}:{} {}: {}", p.line, p.column, p.key, p.text));
  }
  CHECK(got == expected);
}

}  // namespace

TEST_CASE("A scenario file names services, their instances and how each behaves") {
  check_good("[services.order]", "order-1");
  check_good("[services.order]\ninstances = 2\n[services.chat]\nfail = \"1%\"", "chat-1 fail=1%; order-1; order-2");
  check_good(R"(
listen = "127.0.0.1:9001"
seed = 7
delay = "5ms..20ms"
masked = true
[services.order]
instances = 3
close_after = 2
delay = "50ms"
[services.chat]
masked = false
[instances.order-2]
refuse = true
delay = "off"
)",
             "chat-1 delay=5ms..20ms; order-1 delay=50ms close-after=2 masked=on; "
             "order-2 close-after=2 masked=on refuse=on; order-3 delay=50ms close-after=2 masked=on");
  auto const read = read_mock_scenario("listen = \"[::1]:0\"\nseed = 9\n[services.a]", "mock.toml");
  CHECK(read.listen == "[::1]:0");
  CHECK(read.seed == 9);
}

TEST_CASE("All mistakes of a scenario file are told at once, each with its place") {
  check_bad(R"(listen = 9001
seed = -1
[services.order]
instances = 0
dealy = "5ms"
delay = "5"
close-after = 1
fail = 0.5
[instances.order-7]
refuse = true
[instances.order-1]
status = 200
)",
            {"1:10 listen: must be a string; write \"127.0.0.1:9001\"", "2:8 seed: must be a whole number from 0 on",
             "4:13 services.order.instances: must be a whole number from 1 on",
             "5:1 services.order.dealy: unknown key; did you mean 'delay'?",
             fmt::format("6:9 services.order.delay: {}", parse_delay("5").error().context),
             "7:1 services.order.close-after: unknown key; did you mean 'close_after'?",
             "8:8 services.order.fail: cannot be a fraction",
             "9:12 instances.order-7: there is no such instance; did you mean 'order-1'?",
             "12:10 instances.order-1.status: '200' must be a number from 400 to 599"});
}

TEST_CASE("A scenario file without a service, or that is no TOML, is refused") {
  check_bad("", {"1:1 services: no service; write [services.order]"});
  check_bad("services = 5", {"1:1 services: no service; write [services.order]"});
  check_bad("[services]\norder = 5", {"2:9 services.order: must be a table; write [services.order]"});
  check_bad("[services.a]\n[instances]\na-1 = 1", {"3:7 instances.a-1: must be a table; write [instances.a-1]"});
  CHECK(read_mock_scenario("delay = ", "mock.toml").problems.size() == 1);
}

TEST_CASE("A mistake of a scenario file is shown with its line and a caret") {
  auto const read = read_mock_scenario("[services.order]\nfail = \"5\"\n", "mock.toml");
  REQUIRE(read.problems.size() == 1);
  CHECK(gw::config::format(read.problems[0]) ==
        "mock.toml:2:8: error: services.order.fail: '5' is not a share; write 5% or 0.1%\n"
        "    2 | fail = \"5\"\n"
        "      |        ^");
}
