#include "discovery/registrar.hpp"

#include "core/base64.hpp"
#include "discovery/eureka_apps.hpp"
#include "discovery/registry_world_test.hpp"

#include <nlohmann/json.hpp>

#include <string>
#include <vector>

using namespace gw;
using namespace gw::discovery;
using nlohmann::json;

namespace {

entry an_order() {
  return {.service = "Order",
          .where = {.id = "h:order:1", .host = "10.0.0.5", .port = 9001, .weight = 2, .zone = "a"},
          .lease = {}};
}

/// Enters, renews and removes an entry: what comes of it, and what is asked for.
void check(std::string const& type, std::string const& path, http_double::answer const& answers,
           std::string const& outcomes, std::vector<std::string> const& expected,
           std::function<void(http_double const&)> const& more) {
  beside_server([&](net::loop& l, http_double& server) -> net::awaitable<void> {
    server.answers(answers);
    auto const url = type + "+" + server.url(path);
    auto made = make_registrar(l, url);
    REQUIRE(made.has_value());
    auto& registry = **made;
    auto what = an_order();
    std::string came;
    auto const entered = co_await registry.enter(what);
    came += entered ? "entered" : "not entered";
    auto const renewed = co_await registry.renew(what);
    came += !renewed ? ", not renewed" : *renewed ? ", renewed" : ", forgotten";
    auto const removed = co_await registry.remove(what);
    came += removed ? ", removed" : ", not removed";
    CHECK(came == outcomes);
    std::vector<std::string> asked;
    for (auto const& r : server.requests()) asked.push_back(r.method + " " + r.target);
    CHECK(asked == expected);
    more(server);
  });
}

http_double::answer always(std::string const& bytes) {
  return [bytes](http_double::request const&) { return reply{bytes}; };
}

void nothing_more(http_double const&) {}

}  // namespace

TEST_CASE("an instance is registered with Eureka as its own clients do it") {
  std::vector<std::string> const calls = {"POST /eureka/apps/ORDER", "PUT /eureka/apps/ORDER/h%3Aorder%3A1?status=UP",
                                          "DELETE /eureka/apps/ORDER/h%3Aorder%3A1"};
  check("eureka", "/eureka", always(http_says(200)), "entered, renewed, removed", calls, [](http_double const& server) {
    auto const instance = json::parse(server.requests()[0].body)["instance"];
    auto const list = json{{"applications", {{"application", {{"name", "ORDER"}, {"instance", instance}}}}}};
    CHECK(text_of(eureka_apps::parse(list.dump())->routable()) == "order: h:order:1=10.0.0.5:9001 zone a {zone=a}");
    CHECK(instance["dataCenterInfo"]["name"] == "MyOwn");
  });
  auto const forgetful = [](http_double::request const& r) { return reply{http_says(r.method == "POST" ? 204 : 404)}; };
  check("eureka", "/eureka", forgetful, "entered, forgotten, removed", calls, nothing_more);
  check("eureka", "/eureka", always(http_says(500)), "not entered, not renewed, not removed", calls, nothing_more);
}

TEST_CASE("an instance is registered with Consul under a check that it renews") {
  std::vector<std::string> const calls = {"PUT /v1/agent/service/register",
                                          "PUT /v1/agent/check/pass/service:h%3Aorder%3A1",
                                          "PUT /v1/agent/service/deregister/h%3Aorder%3A1"};
  check("consul", "", always(http_says(200)), "entered, renewed, removed", calls, [](http_double const& server) {
    auto const body = json::parse(server.requests()[0].body);
    CHECK(body["Name"] == "Order");
    CHECK(body["Address"] == "10.0.0.5");
    CHECK(body["Port"] == 9001);
    CHECK(body["Weights"]["Passing"] == 2);
    CHECK(body["Meta"]["zone"] == "a");
    CHECK(body["Check"]["TTL"] == "30s");
  });
  auto const forgetful = [](http_double::request const& r) {
    return reply{http_says(r.target.find("/check/") == std::string::npos ? 200 : 404)};
  };
  check("consul", "", forgetful, "entered, forgotten, removed", calls, nothing_more);
  check("consul", "", always(http_says(403)), "not entered, not renewed, not removed", calls, nothing_more);
}

TEST_CASE("an instance is put into etcd under a lease that it renews") {
  std::vector<std::string> const calls = {"POST /v3/lease/grant", "POST /v3/kv/put", "POST /v3/lease/keepalive",
                                          "POST /v3/lease/revoke"};
  auto const etcd = [](std::string const& kept) {
    return [kept](http_double::request const& r) {
      if (r.target == "/v3/lease/grant") return reply{http_ok(R"({"ID":"77","TTL":"30"})")};
      return reply{http_ok(r.target == "/v3/lease/keepalive" ? kept : "{}")};
    };
  };
  check("etcd", "/shop/", etcd(R"({"result":{"ID":"77","TTL":"30"}})"), "entered, renewed, removed", calls,
        [](http_double const& server) {
          auto const put = json::parse(server.requests()[1].body);
          CHECK(base64_decode(put["key"].get<std::string>()) == "/shop/Order/h:order:1");
          CHECK(json::parse(*base64_decode(put["value"].get<std::string>())) ==
                json{{"addr", "10.0.0.5:9001"}, {"weight", 2}, {"zone", "a"}});
          CHECK(put["lease"] == "77");
          CHECK(json::parse(server.requests()[3].body)["ID"] == "77");
        });
  check("etcd", "", etcd(R"({"result":{"ID":"77"}})"), "entered, forgotten, removed", calls, nothing_more);
}

TEST_CASE("a registry is named by its kind and its URL, and a wrong one is told how to write it") {
  monotonic_clock const time;
  net::loop l(time);
  auto const check_refused = [&l](std::string const& url, std::string const& why) {
    auto const made = make_registrar(l, url);
    REQUIRE(made.has_error());
    CHECK(made.error().code == errc::bad_usage);
    CHECK(made.error().context == why);
  };
  check_refused("http://localhost:8761/eureka",
                "'http://localhost:8761/eureka' names no kind of registry; write eureka+http://host:8761/eureka, "
                "consul+http://host:8500 or etcd+http://host:2379/prefix");
  check_refused("eurek+http://h", "nothing can be registered with 'eurek'; did you mean 'eureka'?");
  check_refused("consul+ftp://h",
                "'ftp://h' does not begin with http:// or https://; write http://host:port/path or https://host/path");
}
