#include "discovery/dns_source.hpp"

#include "testing/catch.hpp"
#include "testing/dns_double.hpp"
#include "testing/run_loop.hpp"

#include <fmt/format.h>

#include <functional>
#include <string>

using namespace std::chrono_literals;

namespace {

using gw::discovery::ask;
using gw::discovery::source;
using gw::testing::dns_double;

gw::monotonic_clock const real_time;

/// "order 10.0.0.1:9001 weight 1", one instance a line, or the error.
gw::net::awaitable<std::string> answer(source& asked, ask what = ask::everything) {
  auto const listed = co_await asked.discover(what);
  if (!listed) co_return gw::describe(listed.error());
  std::string text;
  for (auto const& [service, offers] : *listed) {
    for (auto const& o : offers) text += fmt::format("{} {}:{} weight {}\n", service, o.host, o.port, o.weight);
  }
  co_return text;
}

using story = std::function<gw::net::awaitable<void>(source&, dns_double&)>;

void play(gw::config::discovery settings, story told) {
  gw::testing::run_loop(real_time, [&](gw::net::loop& on) -> gw::net::awaitable<void> {
    dns_double server(on);
    settings.servers = {server.address()};
    settings.read_timeout = 200ms;
    auto made = gw::discovery::make_dns({on, settings, {"order", "chat"}});
    REQUIRE(made.has_value());
    CHECK((*made)->waits_for_news());
    co_await told(**made, server);
    (*made)->stop();
    server.close();
  });
}

gw::config::discovery by_services() {
  return {.name = "d", .type = "dns", .domain = "_ws._tcp.{service}.test"};
}

gw::config::discovery by_addresses() {
  return {.name = "d", .type = "dns", .domain = "{service}.test", .record = gw::config::dns_record::a, .port = 9001};
}

}  // namespace

TEST_CASE("services of the best priority are found, each at all addresses of its host") {
  play(by_services(), [](source& tested, dns_double& server) -> gw::net::awaitable<void> {
    server.add_service("_ws._tcp.order.test", 10, 5, 9001, "h1.test");
    server.add_service("_ws._tcp.order.test", 10, 0, 9002, "h2.test");
    server.add_service("_ws._tcp.order.test", 20, 9, 9003, "h1.test");
    server.add_address("h1.test", {10, 0, 0, 1});
    server.add_address("h2.test", {10, 0, 0, 2});
    server.add_address("h2.test", {10, 0, 0, 3});
    auto const found = co_await answer(tested);
    CHECK(found == "order 10.0.0.1:9001 weight 5\norder 10.0.0.2:9002 weight 1\norder 10.0.0.3:9002 weight 1\n");
  });
}

TEST_CASE("addresses get the port of the configuration") {
  play(by_addresses(), [](source& tested, dns_double& server) -> gw::net::awaitable<void> {
    server.add_address("order.test", {10, 0, 0, 1});
    server.add("order.test", gw::net::dns_type::aaaa, 30, std::string("\xfd") + std::string(14, '\0') + "\1");
    server.add_address("chat.test", {10, 0, 0, 2});
    auto const found = co_await answer(tested);
    CHECK(found == "chat 10.0.0.2:9001 weight 1\norder 10.0.0.1:9001 weight 1\norder fd00::1:9001 weight 1\n");
  });
}

TEST_CASE("a name that is gone says nothing of its service, and a server that is silent says nothing at all") {
  play(by_addresses(), [](source& tested, dns_double& server) -> gw::net::awaitable<void> {
    auto const nobody = co_await answer(tested);
    CHECK(nobody.starts_with("DNS A chat.test: "));
    server.add_address("order.test", {10, 0, 0, 1});
    auto const first = co_await answer(tested);
    CHECK(first == "order 10.0.0.1:9001 weight 1\n");
    server.forget("order.test");
    server.add_address("chat.test", {10, 0, 0, 2});
    auto const second = co_await answer(tested);
    CHECK(second == "chat 10.0.0.2:9001 weight 1\norder 10.0.0.1:9001 weight 1\n");
    server.falls_silent(true);
    auto const silence = co_await answer(tested);
    CHECK(silence.starts_with("DNS A order.test: "));
  });
}

TEST_CASE("a host without an address hides none of the others") {
  play(by_services(), [](source& tested, dns_double& server) -> gw::net::awaitable<void> {
    server.add_service("_ws._tcp.order.test", 10, 5, 9001, "gone.test");
    auto const nobody = co_await answer(tested);
    CHECK(nobody.starts_with("DNS "));
    server.add_service("_ws._tcp.order.test", 10, 5, 9001, "h1.test");
    server.add_address("h1.test", {10, 0, 0, 1});
    auto const found = co_await answer(tested);
    CHECK(found == "order 10.0.0.1:9001 weight 5\n");
  });
}

TEST_CASE("a broken answer says nothing of its service, and hides none of the others") {
  play(by_addresses(), [](source& tested, dns_double& server) -> gw::net::awaitable<void> {
    server.add_address("order.test", {10, 0, 0, 1});
    server.add_address("chat.test", {10, 0, 0, 2});
    co_await answer(tested);
    server.forget("order.test");
    server.add("order.test", gw::net::dns_type::a, 30, "no address");
    server.forget("chat.test");
    server.add_address("chat.test", {10, 0, 0, 3});
    auto const found = co_await answer(tested);
    CHECK(found == "chat 10.0.0.3:9001 weight 1\norder 10.0.0.1:9001 weight 1\n");
    server.forget("chat.test");
    server.add("chat.test", gw::net::dns_type::a, 30, "no address");
    auto const broken = co_await answer(tested);
    CHECK(broken.starts_with("DNS A chat.test: "));
  });
}

TEST_CASE("a name whose servers are silent hides the services behind it for one round at most") {
  play(by_addresses(), [](source& tested, dns_double& server) -> gw::net::awaitable<void> {
    server.never_answers("order.test");
    server.add_address("chat.test", {10, 0, 0, 2});
    auto const first = co_await answer(tested);
    CHECK(first.starts_with("DNS A order.test: "));
    auto const second = co_await answer(tested);
    CHECK(second == "chat 10.0.0.2:9001 weight 1\n");
    server.never_answers("");
    server.add_address("order.test", {10, 0, 0, 1});
    auto const third = co_await answer(tested);
    CHECK(third == "chat 10.0.0.2:9001 weight 1\norder 10.0.0.1:9001 weight 1\n");
  });
}

TEST_CASE("a part of a service is better than nothing, and all that was known of it is better than a part") {
  play(by_services(), [](source& tested, dns_double& server) -> gw::net::awaitable<void> {
    server.add_service("_ws._tcp.order.test", 10, 5, 9001, "h1.test");
    server.add_service("_ws._tcp.order.test", 10, 5, 9002, "h2.test");
    server.add_address("h2.test", {10, 0, 0, 2});
    server.add("h1.test", gw::net::dns_type::a, 30, "no address");
    auto const part = co_await answer(tested);
    CHECK(part == "order 10.0.0.2:9002 weight 5\n");
    server.forget("h1.test");
    server.add_address("h1.test", {10, 0, 0, 1});
    auto const whole = co_await answer(tested);
    CHECK(whole == "order 10.0.0.1:9001 weight 5\norder 10.0.0.2:9002 weight 5\n");
    server.forget("h1.test");
    server.add("h1.test", gw::net::dns_type::a, 30, "no address");
    server.add_address("chat.test", {10, 0, 0, 3});
    server.add_service("_ws._tcp.chat.test", 10, 5, 9003, "chat.test");
    auto const kept = co_await answer(tested);
    CHECK(kept == "chat 10.0.0.3:9003 weight 5\n" + whole);
  });
}

TEST_CASE("news are waited for as long as the records live, a second at least") {
  play(by_addresses(), [](source& tested, dns_double& server) -> gw::net::awaitable<void> {
    server.add_address("order.test", {10, 0, 0, 1}, 0);
    co_await answer(tested);
    server.forget("order.test");
    server.add_address("order.test", {10, 0, 0, 9}, 0);
    auto const begin = real_time.now();
    auto const found = co_await answer(tested, ask::news);
    CHECK(found == "order 10.0.0.9:9001 weight 1\n");
    CHECK(real_time.now() - begin >= 1s);
  });
}

TEST_CASE("DNS cannot tell which services there are") {
  gw::net::loop on(real_time);
  auto settings = by_addresses();
  settings.any_service = true;
  auto const made = gw::discovery::make_dns({on, settings, {}});
  REQUIRE_FALSE(made.has_value());
  CHECK(made.error().context == "DNS cannot list all services; leave any_service out and name each in [services.NAME]");
}
