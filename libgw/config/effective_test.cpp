#include "config/effective.hpp"

#include "testing/catch.hpp"
#include "testing/config_world.hpp"

#include <algorithm>
#include <string>

namespace {

using gw::config::effective_value;
using gw::config::effective_values;
using gw::config::loaded;
using gw::config::overlay;
using gw::config::text_source;
using gw::testing::world_of;

constexpr auto order = "[services.order]\ninstances = [\"h:1\"]\n";

loaded read(std::string const& text, std::vector<overlay> overlays = {}) {
  auto result = load({.files = {"a.toml"}, .overlays = std::move(overlays)},
                     world_of({{"a.toml", text}, {"/run/x", "hunter2"}}, {{"X", "v"}}));
  CHECK(gw::testing::problems_of(result).empty());
  return result;
}

effective_value const* find(std::vector<effective_value> const& values, std::string_view path) {
  auto const at =
      std::find_if(values.begin(), values.end(), [path](effective_value const& v) { return v.path() == path; });
  return at == values.end() ? nullptr : &*at;
}

/// "value, origin" of one key; a star in front if it is changed.
std::string told(std::vector<effective_value> const& values, std::string_view path) {
  auto const* const found = find(values, path);
  if (found == nullptr) return "nothing";
  return std::string(found->changed ? "*" : "") + found->shown() + " " + found->origin();
}

}  // namespace

TEST_CASE("every value is told with the place that it was read from") {
  auto const values = effective_values(
      read(std::string(
               "workers = 2\n[channel]\nhold = \"64KiB\"\nqueue = { low = \"1KiB\" }\n[[listener]]\nname = \"a\"\n") +
               order + "max_message = \"1MiB\"\n[services.\"a.b\"]\ninstances = [\"h:2\"]\n",
           {{overlay::form::value, "WSGW_LOG_LEVEL", "debug", "log.level", text_source::kind::variable},
            {overlay::form::assignment, "--set", "listener.0.bind=127.0.0.1:1"},
            {overlay::form::service, "--service", "order=h:3,h:4"}}));
  auto const check = [&](std::string_view path, std::string_view expected) {
    CAPTURE(path);
    CHECK(told(values, path) == expected);
  };
  check("workers", "*2 a.toml:1");
  check("memory", "\"50%\" default");
  check("channel.hold", "\"64KiB\" a.toml:3");
  check("channel.queue.low", "*\"1KiB\" a.toml:4");
  check("channel.queue.high", "\"512KiB\" default");
  check("listener.0.name", "*\"a\" a.toml:6");
  check("listener.0.bind", "*\"127.0.0.1:1\" --set");
  check("log.level", "*\"debug\" WSGW_LOG_LEVEL");
  check("services.order.instances", "*[\"h:3\", \"h:4\"] --service");
  check("services.order.path", "\"\" default");
  check("services.order.max_message", "*\"1MiB\" a.toml:9");
  check("services.order.hold", "nothing");
  check("services.\"a.b\".instances", "*[\"h:2\"] a.toml:11");
  check("include", "nothing");
}

TEST_CASE("a default listener is told too, and of a rule only what is written") {
  auto const values =
      effective_values(read(std::string(order) + "[[rule]]\nwhen = { field = \"/a\" }\nservice = \"order\"\n"));
  CHECK(told(values, "listener.0.bind") == "\"0.0.0.0:8080\" default");
  CHECK(told(values, "rule.0.id") == "\"rule-1\" default");
  CHECK(told(values, "rule.0.when.field") == "*\"/a\" a.toml:4");
  CHECK(told(values, "rule.0.when.equals") == "nothing");
  CHECK(told(values, "rule.0.when.path") == "nothing");
}

TEST_CASE("what came from a secret file is not shown, wherever it stands") {
  auto const values = effective_values(
      read(std::string("[log]\naccess = \"${file:/run/x}\"\n[[listener]]\norigins = [\"https://${X}\", "
                       "\"https://${file:/run/x}\"]\nhosts = [\"${X}\"]\n") +
               order + "path = \"$${file:/run/x}\"\nhost = \"${X}\"\n",
           {{overlay::form::assignment, "--set", "services.order.path=/${file:/run/x}"}}));
  CHECK(told(values, "log.access") == "*\"***\" a.toml:2");
  CHECK(told(values, "listener.0.origins") == "*\"***\" a.toml:4");
  CHECK(told(values, "listener.0.hosts") == "*[\"v\"] a.toml:5");
  CHECK(told(values, "services.order.path") == "*\"***\" --set");
  CHECK(told(values, "services.order.host") == "*\"v\" a.toml:9");
  CHECK(effective_toml(values).find("hunter2") == std::string::npos);
}

TEST_CASE("the effective values are a file that means the same") {
  auto const first = effective_values(read(
      std::string("zone = \"a\"\n[[listener]]\nname = \"x\"\n[[listener]]\nname = \"y\"\nbind = \"[::]:1\"\n") + order +
      "queue.high = \"1MiB\"\n[services.\"b.c\"]\ninstances = [{ addr = \"h:2\", weight = 3, zone = \"a\" }, "
      "{ addr = \"h:3\", draining = true, metadata = { version = \"2\", \"a b\" = \"\" } }, \"h:4\"]\n" +
      "[[rule]]\nwhen = { header = { name = \"X\", exists = false }, client = \"::1\" }\nservice = \"order\"\n" +
      "[[route]]\nuri = \"lb://order\"\npredicates = [\"Path=/x\"]\n"));
  auto const again = effective_values(read(effective_toml(first)));
  REQUIRE(again.size() == first.size());
  for (std::size_t i = 0; i < first.size(); ++i) {
    CHECK(again[i].path() == first[i].path());
    CHECK(again[i].value == first[i].value);
  }
}
