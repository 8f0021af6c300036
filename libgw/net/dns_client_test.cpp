#include "net/dns_client.hpp"

#include "net/task_group.hpp"
#include "testing/catch.hpp"
#include "testing/dns_double.hpp"
#include "testing/run_loop.hpp"

#include <functional>
#include <memory>

using namespace std::chrono_literals;

namespace {

using gw::errc;
using gw::net::dns_client;
using gw::net::dns_record;
using gw::net::dns_type;
using gw::testing::dns_double;

gw::monotonic_clock const real_time;

using story = std::function<gw::net::awaitable<void>(dns_client&, dns_double&)>;

void play(story told, gw::duration limit = 10s) {
  gw::testing::run_loop(real_time, [&](gw::net::loop& on) -> gw::net::awaitable<void> {
    dns_double server(on);
    auto client = dns_client::make(on, {server.address()}, limit);
    REQUIRE(client.has_value());
    co_await told(**client, server);
    (*client)->close();
    server.close();
  });
}

}  // namespace

TEST_CASE("a name server is asked for addresses and services") {
  play([](dns_client& client, dns_double& server) -> gw::net::awaitable<void> {
    server.add_address("a.test", {10, 0, 0, 1}, 7);
    server.add_address("a.test", {10, 0, 0, 2}, 5);
    server.add("a.test", dns_type::aaaa, 5, std::string("\xfd") + std::string(14, '\0') + "\1");
    server.add_service("_ws._tcp.a.test", 1, 20, 9001, "h1.a.test");
    auto const v4 = co_await client.ask("a.test", dns_type::a);
    REQUIRE(v4.has_value());
    CHECK(v4->records == std::vector<dns_record>{{"10.0.0.1"}, {"10.0.0.2"}});
    CHECK(v4->good_for == 5s);
    auto const v6 = co_await client.ask("a.test", dns_type::aaaa);
    REQUIRE(v6.has_value());
    CHECK(v6->records == std::vector<dns_record>{{"fd00::1"}});
    auto const services = co_await client.ask("_ws._tcp.a.test", dns_type::srv);
    REQUIRE(services.has_value());
    CHECK(services->records == std::vector<dns_record>{{"h1.a.test", 9001, 1, 20}});
    CHECK(services->good_for == 30s);
  });
}

TEST_CASE("a record that is not there is told apart from a server that does not answer") {
  play(
      [](dns_client& client, dns_double& server) -> gw::net::awaitable<void> {
        auto const none = co_await client.ask("b.test", dns_type::a);
        REQUIRE_FALSE(none.has_value());
        CHECK(none.error().code == errc::no_instance);
        CHECK(none.error().context.starts_with("DNS A b.test: "));
        auto const asked = server.questions();
        server.falls_silent(true);
        auto const silence = co_await client.ask("b.test", dns_type::a);
        REQUIRE_FALSE(silence.has_value());
        CHECK(silence.error().code == errc::connect_timeout);
        CHECK(server.questions() == asked + 2);
      },
      100ms);
}

TEST_CASE("a question under way ends when the client is closed, and later ones at once") {
  gw::testing::run_loop(real_time, [](gw::net::loop& on) -> gw::net::awaitable<void> {
    dns_double server(on);
    server.falls_silent(true);
    auto made = dns_client::make(on, {server.address()}, 30s);
    REQUIRE(made.has_value());
    auto const client = std::move(*made);
    gw::net::task_group asking(on.where());
    errc ended = errc::internal;
    auto ask = [](dns_client& of, errc& to) -> gw::net::awaitable<void> {
      auto const answer = co_await of.ask("a.test", dns_type::a);
      if (!answer) to = answer.error().code;
    };
    asking.spawn(ask(*client, ended));
    while (server.questions() == 0) co_await on.wheel.sleep(1ms);
    client->close();
    co_await asking.join();
    CHECK(ended == errc::closed);
    auto const later = co_await client->ask("a.test", dns_type::a);
    REQUIRE_FALSE(later.has_value());
    CHECK(later.error().code == errc::closed);
    server.close();
  });
}

TEST_CASE("an address that is none is no name server") {
  gw::net::loop on(real_time);
  auto const made = dns_client::make(on, {"nonsense:x"}, 1s);
  REQUIRE_FALSE(made.has_value());
  CHECK(made.error().code == errc::bad_config);
}
