#include "config/schema.hpp"

#include "config/describe.hpp"
#include "testing/catch.hpp"

#include <nlohmann/json.hpp>

#include <array>
#include <string>

namespace {

using nlohmann::ordered_json;

gw::config::vocabulary const words{.policies = {{"random", "Any of them."}, {"first", "The first."}},
                                   .sources = {{"oracle", "Whoever knows."}}};

ordered_json schema() {
  return ordered_json::parse(gw::config::json_schema(words));
}

/// "channel.queue.high" as a pointer into the schema.
ordered_json const& key_of(ordered_json const& table, std::string key) {
  for (std::size_t at = 0; (at = key.find('.', at)) != key.npos; at += 12) key.replace(at, 1, "/properties/");
  return table.at(ordered_json::json_pointer("/properties/" + key));
}

}  // namespace

TEST_CASE("the schema has every key with its meaning, and no others") {
  auto const whole = schema();
  CHECK(whole["$schema"] == "https://json-schema.org/draft/2020-12/schema");
  CHECK(whole["additionalProperties"] == false);
  gw::config::each_section([&](auto const& s, auto) {
    auto const& section = key_of(whole, std::string(s.name));
    auto const& table = s.form == gw::config::shape::list    ? section["items"]
                        : s.form == gw::config::shape::named ? section["additionalProperties"]
                                                             : section;
    CHECK(table["additionalProperties"] == false);
    for (auto const& key : s.settings) {
      CAPTURE(s.name, key.name);
      CHECK(key_of(table, std::string(key.name))["description"] == key.doc);
    }
  });
}

TEST_CASE("the schema knows types, bounds and defaults") {
  auto const whole = schema();
  auto const& workers = key_of(whole, "workers");
  CHECK(workers["type"] == "integer");
  CHECK(workers["maximum"] == 1024);
  CHECK(workers["default"] == 0);
  CHECK(key_of(whole, "channel.queue.high")["default"] == "512KiB");
  CHECK(key_of(whole, "channel.on_close")["anyOf"][0]["enum"] == ordered_json({"tell", "silent", "close-client"}));
  CHECK(key_of(whole, "balancer.policy")["$ref"] == "#/$defs/policy");
  CHECK(whole["$defs"]["policy"]["anyOf"][0]["description"] == "Any of them.");
  CHECK(key_of(key_of(whole, "listener")["items"], "ws_paths")["default"] == ordered_json({"/ws", "/ws/**"}));
}

TEST_CASE("a value of TOML is told as JSON") {
  auto const check = [](std::string_view toml, std::string_view expected) {
    CHECK(gw::config::json_of_toml(toml).dump() == expected);
  };
  check("true", "true");
  check("7", "7");
  check("\"a\\u0007\"", "\"a\\u0007\"");
  check("[\"a\", { addr = \"h:1\", weight = 2 }]", "[\"a\",{\"addr\":\"h:1\",\"weight\":2}]");
}
