// A configuration with rules of every kind, and a judge for it. Used by the tests of `wsgw route test`.
#pragma once

#include "config/load.hpp"
#include "testing/catch.hpp"
#include "testing/config_world.hpp"
#include "tools/route_judge.hpp"

#include <string>
#include <string_view>
#include <utility>

namespace gw::tools {

inline constexpr std::string_view route_world = R"(
[services.order]
instances = ["127.0.0.1:9001", "127.0.0.1:9002"]
[services.legacy]
instances = ["127.0.0.1:9201"]
[services.near]
instances = ["127.0.0.1:9301", "127.0.0.1:9302", "127.0.0.1:9303"]
balancer = "consistent_hash"
[services.far]
instances = ["a.internal:1", "b.internal:1"]
[[rule]]
id = "topic"
when = { field = "/topic", regex = '^(?P<name>[a-z]+)\.' }
service = "{name}"
[[rule]]
id = "pin"
when = { text = '^pin (?P<at>\S+)' }
service = "order"
instance = "{at}"
[[rule]]
id = "tenant"
when = { header = { name = "X-Tenant", equals = "a" } }
service = "near"
key = "{user}"
)";

inline config::loaded loaded_world(std::string_view more = {}) {
  auto read = config::load_text(std::string(route_world).append(more), "wsgw.toml");
  CHECK(testing::problems_of(read).empty());
  return read;
}

inline route_judge make_judge(std::string_view more = {}) {
  auto made = route_judge::make(loaded_world(more).value);
  REQUIRE(made.has_value());
  return *std::move(made);
}

}  // namespace gw::tools
