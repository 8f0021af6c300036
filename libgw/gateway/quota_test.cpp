#include "gateway/gateway_world_test.hpp"

using namespace gw;
using namespace gw::testing;
using namespace std::chrono_literals;

namespace {

net::awaitable<void> nonsense(gateway_world& world) {
  auto& client = world.client();
  for (int i = 0; i < 21; ++i) client.says("nonsense");
  for (int i = 1; i <= 20; ++i) {
    auto const frame = co_await client.hears_json();
    CHECK(frame["error"]["code"] == "PARSE_ERROR");
    CHECK(frame["error"]["seq"] == i);
  }
  co_await client.hears_close(wire::close_code::policy_violation, "too many bad messages");
}

net::awaitable<void> nonsense_now_and_then(gateway_world& world) {
  auto& client = world.client();
  for (int i = 0; i < 60; ++i) {
    client.says("nonsense");
    co_await client.hears_json();
    world.pass(500ms);
  }
  CHECK(world.sessions() == 1);
}

net::awaitable<void> wrong_services(gateway_world& world) {
  auto& client = world.client();
  for (int i = 1; i <= 100; ++i) client.says(message_to(i % 2 == 0 ? "nobody" : "nowhere", i));
  for (int i = 1; i <= 20; ++i) {
    auto const frame = co_await client.hears_json();
    CHECK(frame["error"]["code"] == "NO_ROUTE");
    CHECK(frame["error"]["seq"] == i);
  }
  co_await world.until_quiet();
  CHECK(client.has_heard_all());
  world.pass(1100ms);
  auto const folded = co_await client.hears_json();
  CHECK(folded["error"]["code"] == "NO_ROUTE");
  CHECK(folded["error"]["seqFrom"] == 21);
  CHECK(folded["error"]["seqTo"] == 100);
  CHECK(folded["error"]["repeated"] == 80);
  CHECK(folded["method"] == nullptr);

  // A second later everything is as before.
  client.says(message_to("nobody", 101));
  auto const next = co_await client.hears_json();
  CHECK(next["error"]["seq"] == 101);
}

net::awaitable<void> pings(gateway_world& world) {
  auto& client = world.client();
  for (int i = 0; i < 501; ++i) client.pings("");
  co_await client.hears_close(wire::close_code::flood);
}

net::awaitable<void> upstream_pings(gateway_world& world) {
  auto& client = world.client();
  client.says(message_to("chat", 1));
  auto& chat = *co_await world.upstream("chat");
  co_await chat.hears(message_to("chat", 1));
  for (int i = 0; i < 501; ++i) chat.pings("");
  auto const notice = co_await client.hears_json();
  CHECK(notice["error"]["code"] == "CHANNEL_CLOSED");
  CHECK(notice["error"]["closeCode"] == 4029);
  co_await chat.hears_close(wire::close_code::flood);
}

}  // namespace

TEST_CASE("more bad messages than the quota end the session with 1008") {
  play({.manual_time = true}, nonsense);
}

TEST_CASE("bad messages within the quota never end the session") {
  play({.manual_time = true}, nonsense_now_and_then);
}

TEST_CASE("faults of a client beyond 20 a second are folded into one frame, and never end the session") {
  play({.manual_time = true}, wrong_services);
}

TEST_CASE("a client that floods with pings is closed with 4029") {
  play({.manual_time = true}, pings);
}

TEST_CASE("an upstream that floods with pings loses its channel, and the client stays") {
  play({.manual_time = true}, upstream_pings);
}
