#include "gateway/gateway_world_test.hpp"

using namespace gw;
using namespace gw::testing;
using namespace std::chrono_literals;

namespace {

cast in_manual_time(std::function<void(config::config&)> settings = {}) {
  return {.services = {"chat"}, .instances = 2, .settings = std::move(settings), .manual_time = true};
}

net::awaitable<void> a_hung_client(gateway_world& world) {
  auto& client = world.client();
  client.says(message_to("chat", 1));
  auto& chat = *co_await world.upstream("chat");
  co_await chat.hears(message_to("chat", 1));
  client.stops_reading();
  co_await world.live_through(31s);
  CHECK(world.sessions() == 1);
  co_await world.live_through(6s);
  co_await chat.hears_close(wire::close_code::going_away);
  CHECK(world.worker().stats().silent_clients.get() == 1);
  client.reads_again();
  co_await client.hears_close(wire::close_code::no_life, "no sign of life");
}

net::awaitable<void> a_hung_upstream(gateway_world& world) {
  auto& client = world.client();
  client.says(message_to("chat", 1));
  auto& hung = *co_await world.upstream("chat");
  co_await hung.hears(message_to("chat", 1));
  hung.stops_reading();
  co_await world.live_through(26s);
  CHECK(client.has_heard_all());
  co_await world.live_through(5s);
  auto const notice = co_await client.hears_json();
  CHECK(notice["error"]["code"] == "CHANNEL_CLOSED");
  CHECK(notice["error"]["reason"] == "no sign of life");
  CHECK(notice["error"]["lastSeq"] == 1);
  CHECK(world.counts_of("chat").silent_upstreams.get() == 1);
  client.says(message_to("chat", 2));
  auto& next = *co_await world.upstream("chat");
  co_await next.hears(message_to("chat", 2));
  co_await world.until_quiet();
  CHECK(client.has_heard_all());
}

net::awaitable<void> a_quiet_afternoon(gateway_world& world) {
  auto& client = world.client();
  client.says(message_to("chat", 1));
  auto& chat = *co_await world.upstream("chat");
  co_await world.live_through(5min, 2s);
  client.says(message_to("chat", 2));
  co_await chat.hears(message_to("chat", 1));
  co_await chat.hears(message_to("chat", 2));
  CHECK(client.has_heard_all());
  bucket_counts::totals all;
  world.counts_of("chat").round_trips_us.add_to(all);
  CHECK(all.count() >= 10);
}

net::awaitable<void> idle_channel(gateway_world& world) {
  auto& client = world.client();
  client.says(message_to("chat", 1));
  auto& chat = *co_await world.upstream("chat");
  co_await chat.hears(message_to("chat", 1));
  co_await world.live_through(12s);
  co_await chat.hears_close(wire::close_code::normal, "idle");
  auto const notice = co_await client.hears_json();
  CHECK(notice["status"] == 4);
  CHECK(notice["error"]["reason"] == "idle");
}

net::awaitable<void> idle_session(gateway_world& world) {
  auto& client = world.client();
  for (int i = 0; i < 4; ++i) {
    client.says(message_to("gateway", i));  // no such service: that, too, is a message
    co_await client.hears_json();
    co_await world.live_through(5s);
  }
  co_await world.live_through(8s);
  co_await client.hears_close(wire::close_code::no_life, "idle");
}

net::awaitable<void> a_long_life(gateway_world& world) {
  auto& client = world.client();
  co_await world.live_through(54min, 1min);
  CHECK(client.has_heard_all());
  co_await world.live_through(7min, 1min);
  co_await client.hears_close(wire::close_code::maximum_life);
}

}  // namespace

TEST_CASE("a client that shows no life is closed with 3008, and its channels with it") {
  play(in_manual_time(), a_hung_client);
}

TEST_CASE("an upstream that shows no life is told once, and the next message dials again") {
  play(in_manual_time(), a_hung_upstream);
}

TEST_CASE("peers that answer their pings live for ever") {
  play(in_manual_time(), a_quiet_afternoon);
}

TEST_CASE("a channel without messages for its idle timeout is closed with 1000 and told") {
  play(in_manual_time([](config::config& c) { c.services[0].channel.idle_timeout = 10s; }), idle_channel);
}

TEST_CASE("a session without messages for its idle timeout is closed with 3008") {
  play(in_manual_time([](config::config& c) { c.session.idle_timeout = 8s; }), idle_session);
}

TEST_CASE("a session is closed with 4011 at the end of its maximum life, at most a tenth earlier") {
  play(in_manual_time([](config::config& c) { c.session.max_life = 60min; }), a_long_life);
}
