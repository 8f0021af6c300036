#include "gateway/discovery_board.hpp"

#include "testing/catch.hpp"

#include <nlohmann/json.hpp>

using namespace std::chrono_literals;
using namespace gw;
using gateway::discovery_board;

namespace {

constexpr discovery_board::wall_time noon{43'200s};

config::config one_service() {
  config::config c;
  c.services = {{.name = "order",
                 .instances = {{.host = "h", .port = 1, .weight = 2, .zone = "a", .metadata = {{"version", "2"}}},
                               {.host = "10.0.0.2", .port = 2, .draining = true}},
                 .discovery = "eu"}};
  return c;
}

std::shared_ptr<cluster::registry const> registry_of(config::config const& c) {
  auto const resolve = [](std::string_view, std::uint16_t) { return std::vector<std::string>{"10.0.0.1"}; };
  return cluster::registry::make(cluster::located(c.services, resolve), 1);
}

discovery::watch_report silent() {
  return {.name = "eu", .type = "eureka", .required = true};
}

discovery::watch_report stale() {
  auto report = silent();
  report.answers = 3;
  report.failures = 2;
  report.fault = "it \"broke\"";
  report.answered_at = noon - 90s;
  report.refused[static_cast<std::size_t>(discovery::refusal::port)] = 4;
  report.unreadable = 7;
  return report;
}

}  // namespace

TEST_CASE("a required source that never answered is a reason to wait, one that once did is none") {
  auto const settings = one_service();
  discovery_board board(settings);
  CHECK(board.reasons_to_wait().empty());
  board.put({silent()});
  CHECK(board.reasons_to_wait() == std::vector<std::string>{"no answer of discovery.eu yet"});
  auto optional = silent();
  optional.required = false;
  board.put({optional});
  CHECK(board.reasons_to_wait().empty());
  board.put({stale()});
  CHECK(board.reasons_to_wait().empty());
}

TEST_CASE("the metrics of a source tell how often it was asked, when it last answered, and what was refused") {
  auto const settings = one_service();
  discovery_board board(settings);
  exposition none;
  board.write_metrics(none);
  CHECK(none.take().empty());
  board.put({stale()});
  exposition out;
  board.write_metrics(out);
  auto const text = out.take();
  auto const has = [&text](std::string const& line) { return text.find("\n" + line + "\n") != text.npos; };
  CAPTURE(text);
  CHECK(has(R"(wsgw_discovery_refreshes_total{source="eu",result="answered"} 3)"));
  CHECK(has(R"(wsgw_discovery_refreshes_total{source="eu",result="failed"} 2)"));
  CHECK(has(R"(wsgw_discovery_last_success_timestamp_seconds{source="eu"} 43110)"));
  CHECK(has(R"(wsgw_discovery_offers_refused_total{source="eu",reason="port"} 4)"));
  CHECK(has(R"(wsgw_discovery_offers_refused_total{source="eu",reason="address"} 0)"));
  CHECK(has(R"(wsgw_discovery_entries_unreadable{source="eu"} 7)"));
}

TEST_CASE("operators see every instance and how its source stands") {
  auto const settings = one_service();
  discovery_board board(settings);
  auto const instances = registry_of(settings);
  instances->at(0).instances[0].load->add(0, 5);
  board.put(instances);
  board.put({stale()});
  auto const said = nlohmann::json::parse(board.services_json(noon));
  CHECK(said["schema"] == "wsgw.services.v1");
  REQUIRE(said["services"].size() == 1);
  auto const& order = said["services"][0];
  CHECK(order["name"] == "order");
  CHECK(order["source"] == "eu");
  REQUIRE(order["instances"].size() == 2);
  CHECK(order["instances"][0] == nlohmann::json::parse(R"({"address":"10.0.0.1:1","host":"h","state":"unknown",
    "weight":2,"zone":"a","metadata":{"version":"2"},"channels":5})"));
  CHECK(order["instances"][1] ==
        nlohmann::json::parse(R"({"address":"10.0.0.2:2","state":"draining","weight":1,"channels":0})"));
  CHECK(said["sources"] == nlohmann::json::parse(R"([{"name":"eu","type":"eureka","required":true,"state":"stale",
    "age_s":90.0,"fault":"it \"broke\"","unreadable":7,"refused":{"port":4}}])"));
  board.put({silent()});
  auto const before = nlohmann::json::parse(board.services_json(noon));
  CHECK(before["sources"][0]["state"] == "unknown");
  CHECK(before["sources"][0]["age_s"].is_null());
}

TEST_CASE("operators see what checks say of an instance, as long as it is there") {
  auto const settings = one_service();
  discovery_board board(settings);
  auto const instances = registry_of(settings);
  board.put(instances);
  auto const id = instances->at(0).instances[0].id;
  auto const first = [&board] {
    return nlohmann::json::parse(board.services_json(noon))["services"][0]["instances"][0];
  };
  board.put({.instance = id, .is = cluster::verdict::unhealthy, .why = cluster::finding::too_late});
  CHECK(first()["state"] == "unhealthy");
  CHECK(first()["reason"] == "check: not done in time");
  board.put(instances);
  CHECK(first()["state"] == "unhealthy");
  board.put({.instance = id, .is = cluster::verdict::healthy});
  CHECK(first()["state"] == "healthy");
  CHECK_FALSE(first().contains("reason"));
}
