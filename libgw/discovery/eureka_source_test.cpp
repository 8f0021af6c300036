#include "discovery/registry_world_test.hpp"

#include <fmt/format.h>

#include <map>
#include <string>

using namespace gw;
using namespace gw::discovery;

namespace {

/// A Eureka server with instances of ORDER: id to status.
struct registry {
  std::map<std::string, std::string> instances = {};
  std::string delta = {};       // elements of the next delta
  std::string delta_hash = {};  // empty = the true one
  int delta_status = 200;

  static std::string instance(std::string const& id, std::string const& status, std::string const& action = "ADDED") {
    return fmt::format(
        R"({{"instanceId":"{}","ipAddr":"10.0.0.{}","status":"{}","port":{{"$":9001,"@enabled":"true"}},)"
        R"("vipAddress":"order","actionType":"{}"}})",
        id, id, status, action);
  }
  std::string hash() const {
    std::map<std::string, int> counts;
    for (auto const& [id, status] : instances) ++counts[status];
    std::string text;
    for (auto const& [status, count] : counts) text += fmt::format("{}_{}_", status, count);
    return text;
  }
  static std::string list(std::string const& hash, std::string const& elements) {
    return fmt::format(
        R"({{"applications":{{"apps__hashcode":"{}","application":[{{"name":"ORDER","instance":[{}]}}]}}}})", hash,
        elements);
  }
  std::string full() const {
    std::string elements;
    for (auto const& [id, status] : instances) elements += (elements.empty() ? "" : ",") + instance(id, status);
    return list(hash(), elements);
  }
  reply answer(http_double::request const& asked) const {
    if (asked.target == "/eureka/apps") return {http_ok(full())};
    if (delta_status != 200) return {http_says(delta_status)};
    return {http_ok(list(delta_hash.empty() ? hash() : delta_hash, delta))};
  }
};

std::string targets(http_double const& server) {
  std::string all;
  for (auto const& r : server.requests()) all += r.target + " ";
  return all;
}

constexpr auto one = "order: 5=10.0.0.5:9001";
constexpr auto two = "order: 5=10.0.0.5:9001, 6=10.0.0.6:9001";

/// Tells `news` to a source that knows instance 5, and what it makes of it and asks for.
void check(registry const& news, std::string const& expected, std::string const& asked) {
  registry truth{{{"5", "UP"}}};
  beside_server([&](net::loop& l, http_double& server) -> net::awaitable<void> {
    server.answers([&truth](http_double::request const& r) { return truth.answer(r); });
    auto const eureka = source_of(l, "eureka", {server.url("/eureka/")});
    auto told = co_await eureka->discover(ask::news);
    CHECK(outcome(told) == one);
    truth = news;
    told = co_await eureka->discover(ask::news);
    CHECK(outcome(told) == expected);
    CHECK(targets(server) == "/eureka/apps " + asked);
    CHECK(server.requests().front().head.find("\r\nAccept: application/json\r\n") != std::string::npos);
  });
}

}  // namespace

TEST_CASE("Eureka is asked in full once, then for changes") {
  check({{{"5", "UP"}, {"6", "UP"}}, registry::instance("6", "UP")}, two, "/eureka/apps/delta ");
  check({{{"5", "DOWN"}}, registry::instance("5", "DOWN", "MODIFIED")}, "order: (none)", "/eureka/apps/delta ");
  check({{{"5", "UP"}}}, one, "/eureka/apps/delta ");
}

TEST_CASE("changes that Eureka does not tell, has forgotten or garbles are fetched in full") {
  auto const full = "/eureka/apps/delta /eureka/apps ";
  check({{{"5", "UP"}, {"6", "UP"}}, "", "", 403}, two, full);
  check({{{"5", "UP"}, {"6", "UP"}}, "", "", 404}, two, full);
  check({{{"5", "UP"}, {"6", "UP"}}}, two, full);
  check({{{"5", "UP"}, {"6", "UP"}}, registry::instance("6", "UP"), "UP_9_"}, two, full);
  check({{{"5", "UP"}, {"6", "UP"}}, "{{{"}, two, full);
}

TEST_CASE("everything means the full list, and after ten minutes news do too") {
  manual_clock time;
  registry truth{{{"5", "UP"}}};
  testing::run_loop(time, [&](net::loop& l) -> net::awaitable<void> {
    http_double server(l);
    net::task_group serving(l.where());
    serving.spawn(server.serve());
    server.answers([&truth](http_double::request const& r) { return truth.answer(r); });
    auto const eureka = source_of(l, "eureka", {server.url("/eureka")});
    for (auto const what : {ask::everything, ask::news, ask::everything, ask::news}) {
      auto const told = co_await eureka->discover(what);
      CHECK(outcome(told) == one);
    }
    time.advance(std::chrono::minutes(11));
    auto const told = co_await eureka->discover(ask::news);
    CHECK(outcome(told) == one);
    CHECK(targets(server) == "/eureka/apps /eureka/apps/delta /eureka/apps /eureka/apps/delta /eureka/apps ");
    server.stop();
    co_await serving.join();
  });
}

TEST_CASE("whatever Eureka says instead of a list is an error, and does no harm") {
  survives_lies("eureka", registry{{{"5", "UP"}}}.full(), one);
}

TEST_CASE("the next Eureka server is asked when one is gone, slow or broken") {
  fails_over("eureka", registry{{{"5", "UP"}}}.full(), one);
}

TEST_CASE("a Eureka server that is still starting is passed over") {
  beside_server([](net::loop& l, http_double& server) -> net::awaitable<void> {
    server.answers([](http_double::request const& r) {
      return r.target.starts_with("/a") ? reply{http_says(403)} : reply{http_ok(registry{{{"5", "UP"}}}.full())};
    });
    auto const eureka = source_of(l, "eureka", {server.url("/a"), server.url("/b")});
    auto const told = co_await eureka->discover(ask::everything);
    CHECK(outcome(told) == one);
    auto const alone = source_of(l, "eureka", {server.url("/a")});
    auto const refused = co_await alone->discover(ask::everything);
    CHECK(outcome(refused) == "status 403");
  });
}
