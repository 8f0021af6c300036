#include "discovery/instance_file.hpp"

#include "testing/catch.hpp"

#include <string>
#include <utility>

namespace {

using gw::discovery::catalogue;
using gw::discovery::file_form;
using gw::discovery::offer;
using gw::discovery::read_instances;

catalogue one_of_each() {
  offer plain;
  plain.host = "10.0.0.5";
  plain.port = 9001;
  offer full;
  full.host = "orders.internal";
  full.port = 9002;
  full.weight = 2;
  full.zone = "a";
  full.metadata = {{"version", "2"}};
  full.draining = true;
  return {{"chat", {}}, {"order", {plain, full}}};
}

void check(file_form form, std::string_view text, std::string_view expected) {
  CAPTURE(text);
  auto const read = read_instances(text, form);
  REQUIRE_FALSE(read.has_value());
  CHECK(read.error().context == expected);
  CHECK(read.error().at == gw::side::upstream);
}

}  // namespace

TEST_CASE("a file lists instances as the configuration does, in TOML or JSON") {
  auto const toml = read_instances(R"(
[services]
chat = []
order = [
  "10.0.0.5:9001",
  { addr = "orders.internal:9002", weight = 2, zone = "a", metadata = { version = "2" }, draining = true },
]
)",
                                   file_form::toml);
  REQUIRE(toml.has_value());
  CHECK(*toml == one_of_each());
  auto const json = read_instances(
      R"({"services":{"chat":[],"order":["10.0.0.5:9001",
      {"addr":"orders.internal:9002","weight":2,"zone":"a","metadata":{"version":"2"},"draining":true}]}})",
      file_form::json);
  REQUIRE(json.has_value());
  CHECK(*json == one_of_each());
  for (auto const& [text, form] : {std::pair("", file_form::toml), std::pair("{}", file_form::json)}) {
    auto const nothing = read_instances(text, form);
    REQUIRE(nothing.has_value());
    CHECK(nothing->empty());
  }
}

TEST_CASE("a section of the configuration may be moved to a file as it is") {
  auto const moved = read_instances(
      "[services.order]\ninstances = [\"10.0.0.5:9001\"]\n[services.chat]\ninstances = []", file_form::toml);
  auto const usual = read_instances("[services]\norder = [\"10.0.0.5:9001\"]\nchat = []", file_form::toml);
  REQUIRE(moved.has_value());
  CHECK(*moved == usual.value());
  check(file_form::toml, "[services.order]\ninstances = [\"h:1\"]\npath = \"/\"",
        "1:1: services.order: must be a list of addresses, not a table");
}

TEST_CASE("a file with a mistake is told with its place") {
  auto const toml = [](std::string_view text, std::string_view expected) { check(file_form::toml, text, expected); };
  toml("[services]\norder = [\"h:1\", \"h\"]",
       "2:17: services.order: 'h' is not an address; write \"host:9001\" or \"[::1]:9001\"");
  toml("[services]\norder = [\"h:70000\"]",
       "2:10: services.order: '70000' is not a port; write a number from 1 to 65535");
  toml("[services]\norder = \"h:1\"", "2:9: services.order: must be a list of addresses, not a string");
  toml("services = []", "1:12: services: must be a table of lists");
  toml("[servces]\n", "1:2: unknown key 'servces'; did you mean 'services'?");
  CHECK_FALSE(read_instances("[services]\norder = [\"h:1\"", file_form::toml).has_value());
}

TEST_CASE("JSON that is cut, that nests too deeply or that is of another kind is refused") {
  auto const json = [](std::string_view text, std::string_view expected) { check(file_form::json, text, expected); };
  json("{\"services\":{\"order\":[\"h:1\"", "is no JSON");
  json("", "is no JSON");
  json("{\"services\":{\"order\":[\"h\"]}}",
       "services.order: 'h' is not an address; write \"host:9001\" or \"[::1]:9001\"");
  json("[]", "must be an object; write {\"services\": {\"NAME\": [\"host:port\"]}}");
  json(std::string(100'000, '[') + std::string(100'000, ']'), "nests too deeply");
}
