#include "gateway/gateway_world_test.hpp"

using namespace gw;
using namespace gw::testing;
using namespace std::chrono_literals;

namespace {

/// What an instance is blamed for; empty: nothing.
std::string blame_of(gateway_world& world, std::size_t number) {
  auto& on = world.worker();
  auto const& pool = on.pool_of(0);
  return std::string(pool.state_of(pool.instances()[number].id, on.loop().wheel.now()).reason);
}

net::awaitable<void> dialled(gateway_world& world, std::size_t number, std::size_t times) {
  auto const& instance = world.instance("chat", number);
  std::function<bool()> const asked = [&instance, times] { return instance.handshakes().size() == times; };
  co_await world.until("the handshake", asked);
}

}  // namespace

TEST_CASE("all tries of a dial are over within its time, and who is cut short by its end is not to blame") {
  auto const settings = [](config::config& c) {
    c.services[0].channel.handshake_timeout = 3s;
    c.services[0].channel.open_timeout = 4s;
    c.services[0].circuit = {.failure_rate = 50, .window = 10s, .min_dials = 1, .open_for = 5s};
  };
  play({.instances = 2, .settings = settings, .manual_time = true}, [](gateway_world& world) -> net::awaitable<void> {
    world.instance("chat", 0).holds_back();
    world.instance("chat", 1).holds_back();
    auto& client = world.client();
    client.says(message_to("chat", 1));
    co_await dialled(world, 0, 1);
    co_await world.live_through(3s + net::timer_wheel::tick);
    co_await dialled(world, 1, 1);
    co_await world.live_through(900ms);
    CHECK(client.has_heard_all());
    co_await world.live_through(100ms);
    auto const told = co_await client.hears_json();
    CHECK(told["error"]["code"] == "CONNECT_TIMEOUT");
    CHECK(blame_of(world, 0) == cluster::text_of(cluster::trouble::no_answer));
    CHECK(blame_of(world, 1) == "");
    CHECK(world.counts_of("chat").circuit.get() == 2);  // the first one said enough
  });
}

TEST_CASE("an instance that is silent for all the time of a dial is to blame though its own limit is longer") {
  auto const settings = [](config::config& c) { c.services[0].channel.open_timeout = 1s; };
  play({.settings = settings, .manual_time = true}, [](gateway_world& world) -> net::awaitable<void> {
    world.instance("chat").holds_back();
    auto& client = world.client();
    client.says(message_to("chat", 1));
    co_await dialled(world, 0, 1);
    co_await world.live_through(1s + net::timer_wheel::tick);
    auto const told = co_await client.hears_json();
    CHECK(told["error"]["code"] == "CONNECT_TIMEOUT");
    CHECK(blame_of(world, 0) == cluster::text_of(cluster::trouble::no_answer));
  });
}

TEST_CASE("whoever waits for the outcome of a probe waits no longer than a dial may take") {
  auto const settings = [](config::config& c) { c.services[0].channel.open_timeout = 800ms; };
  play({.settings = settings, .manual_time = true}, [](gateway_world& world) -> net::awaitable<void> {
    auto& instance = world.instance("chat");
    auto& first = world.client("first");
    instance.answers([](wire::websocket_request const&) { return std::string(); });  // the connection ends
    first.says(message_to("chat", 1));
    co_await first.hears_json();
    world.pass(1300ms);  // the hold is over

    instance.holds_back();
    first.says(message_to("chat", 2));
    co_await dialled(world, 0, 2);
    auto& second = world.client("second");
    second.says(message_to("chat", 3));
    co_await world.until_quiet();
    first.vanishes();  // its dial is called off in a while, so that nothing comes of the probe
    co_await world.live_through(760ms, 20ms);
    CHECK(second.has_heard_all());
    co_await world.live_through(120ms, 20ms);
    CHECK_FALSE(second.has_heard_all());
    auto const told = co_await second.hears_json();
    CHECK(told["error"]["code"] == "NO_INSTANCE");
    CHECK(instance.handshakes().size() == 2);
  });
}
