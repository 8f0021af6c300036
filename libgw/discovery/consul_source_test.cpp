#include "discovery/registry_world_test.hpp"

#include "testing/tls_identities.hpp"

#include <fmt/format.h>

#include <fstream>

#include <map>
#include <string>

using namespace gw;
using namespace gw::discovery;

namespace {

std::string service(std::string const& id) {
  return fmt::format(
      R"({{"Node":{{"Node":"n","Address":"10.0.0.{0}"}},"Service":{{"ID":"{0}","Port":9001}},"Checks":[]}})", id);
}

/// An agent that lets queries of a known index wait: they are answered by hand.
struct agent {
  std::map<std::string, std::pair<std::string, std::string>> services = {{"order", {service("5"), "7"}},
                                                                         {"user", {"", "7"}}};

  std::string answer_about(std::string const& name) const {
    auto const& [entries, index] = services.at(name);
    return http_ok("[" + entries + "]", "X-Consul-Index: " + index + "\r\n");
  }
  reply answer(http_double::request const& r) const {
    if (r.target.starts_with("/v1/catalog/services")) return {http_ok(R"({"order":[],"user":[]})")};
    for (auto const& [name, known] : services) {
      if (!r.target.starts_with("/v1/health/service/" + name)) continue;
      bool const waits = r.target.find("&index=" + known.second + "&") != std::string::npos;
      return {waits ? std::string() : answer_about(name)};
    }
    return {http_says(404)};
  }
};

constexpr auto one = "order: n/5=10.0.0.5:9001; user: (none)";
constexpr auto two = "order: n/5=10.0.0.5:9001, n/6=10.0.0.6:9001; user: (none)";

bool asked_for(http_double const& server, std::string const& target) {
  return std::any_of(server.requests().begin(), server.requests().end(),
                     [&](auto const& r) { return r.target == target; });
}

/// Once all of `services` wait at the server.
net::awaitable<void> change_when_all_wait(net::loop& l, http_double& server, std::size_t requests,
                                          std::function<void()> change) {
  while (server.requests().size() < requests) co_await l.wheel.sleep(std::chrono::milliseconds(1));
  change();
}

}  // namespace

TEST_CASE("Consul is asked for each service, with datacenter, tag and token") {
  testing::tls_identities const folder;
  auto const token = folder.path("token");
  std::ofstream(token) << "s3cret\n";
  agent const consul;
  beside_server([&](net::loop& l, http_double& server) -> net::awaitable<void> {
    server.answers([&consul](http_double::request const& r) { return consul.answer(r); });
    auto const asked = source_of(l, "consul", {server.url()}, [&token](config::discovery& settings) {
      settings.datacenter = "dc 1";
      settings.tag = "ws";
      settings.token_file = token;
    });
    auto const told = co_await asked->discover(ask::news);
    CHECK(outcome(told) == one);
    REQUIRE(server.requests().size() == 2);
    CHECK(server.requests()[0].target == "/v1/health/service/order?passing=true&tag=ws&dc=dc%201");
    CHECK(server.requests()[1].target == "/v1/health/service/user?passing=true&tag=ws&dc=dc%201");
    CHECK(server.requests()[0].head.find("\r\nX-Consul-Token: s3cret\r\n") != std::string::npos);
  });
}

TEST_CASE("a query of Consul waits until something changes, and the others end with it") {
  agent consul;
  beside_server([&](net::loop& l, http_double& server) -> net::awaitable<void> {
    server.answers([&consul](http_double::request const& r) { return consul.answer(r); });
    auto const asked = source_of(l, "consul", {server.url()});
    CHECK(asked->waits_for_news());
    auto told = co_await asked->discover(ask::news);
    CHECK(outcome(told) == one);
    net::task_group changing(l.where());
    std::function<void()> const change = [&] {
      consul.services["order"] = {service("5") + "," + service("6"), "8"};
      server.pushes(consul.answer_about("order"), "/v1/health/service/order?passing=true&index=7&");
    };
    changing.spawn(change_when_all_wait(l, server, 4, change));
    told = co_await asked->discover(ask::news);
    co_await changing.join();
    CHECK(outcome(told) == two);
    CHECK(asked_for(server, "/v1/health/service/order?passing=true&index=7&wait=300s"));
    CHECK(asked_for(server, "/v1/health/service/user?passing=true&index=7&wait=300s"));
    std::function<void()> const hang_up = [&server] { server.hangs_up(); };
    changing.spawn(change_when_all_wait(l, server, 6, hang_up));
    told = co_await asked->discover(ask::news);
    co_await changing.join();
    CHECK(outcome(told).starts_with("the connection ends without an answer"));
    told = co_await asked->discover(ask::news);
    CHECK(outcome(told) == two);
    CHECK(asked_for(server, "/v1/health/service/order?passing=true&index=8&wait=300s"));
  });
}

TEST_CASE("an index that goes backwards begins anew, and an answer alone is no change") {
  agent consul;
  beside_server([&](net::loop& l, http_double& server) -> net::awaitable<void> {
    server.answers([&consul](http_double::request const& r) { return consul.answer(r); });
    auto const asked = source_of(l, "consul", {server.url()});
    auto told = co_await asked->discover(ask::everything);
    CHECK(outcome(told) == one);
    consul.services["order"].second = "3";
    net::task_group changing(l.where());
    std::function<void()> const change = [&consul] {
      consul.services["order"] = {service("5") + "," + service("6"), "4"};
    };
    changing.spawn(change_when_all_wait(l, server, 4, change));
    told = co_await asked->discover(ask::news);
    co_await changing.join();
    CHECK(outcome(told) == two);
    CHECK(asked_for(server, "/v1/health/service/order?passing=true"));
  });
}

TEST_CASE("where any service may be used, all that Consul knows are listed, from time to time") {
  agent const consul;
  beside_server([&](net::loop& l, http_double& server) -> net::awaitable<void> {
    server.answers([&consul](http_double::request const& r) { return consul.answer(r); });
    auto const asked = source_of(l, "consul", {server.url()}, [](config::discovery& s) { s.any_service = true; });
    CHECK_FALSE(asked->waits_for_news());
    auto const told = co_await asked->discover(ask::news);
    CHECK(outcome(told) == one);
    CHECK(asked_for(server, "/v1/catalog/services"));
  });
}

TEST_CASE("a wait for news of Consul ends when the source is stopped") {
  agent const consul;
  beside_server([&](net::loop& l, http_double& server) -> net::awaitable<void> {
    server.answers([&consul](http_double::request const& r) { return consul.answer(r); });
    auto const asked = source_of(l, "consul", {server.url()});
    auto told = co_await asked->discover(ask::everything);
    net::task_group stopping(l.where());
    std::function<void()> const stop = [&asked] { asked->stop(); };
    stopping.spawn(change_when_all_wait(l, server, 4, stop));
    told = co_await asked->discover(ask::news);
    co_await stopping.join();
    CHECK(told.error().code == errc::closed);
  });
}

TEST_CASE("whatever Consul says instead of a list is an error, and does no harm") {
  survives_lies("consul", "[" + service("5") + "]", "order: n/5=10.0.0.5:9001; user: n/5=10.0.0.5:9001");
}

TEST_CASE("the next Consul agent is asked when one is gone, slow or broken") {
  fails_over("consul", "[" + service("5") + "]", "order: n/5=10.0.0.5:9001; user: n/5=10.0.0.5:9001");
}
