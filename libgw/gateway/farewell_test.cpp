#include "gateway/gateway_world_test.hpp"

using namespace gw;
using namespace gw::testing;
using namespace std::chrono_literals;

namespace {

constexpr std::string_view reason = "drain;r=0-20000";

void drains(gateway_world& world, std::chrono::milliseconds spread = 0ms) {
  world.worker().stop({std::string(reason), spread});
}

net::awaitable<void> last_words(gateway_world& world) {
  auto& client = world.client();
  client.says(message_to("chat", 1));
  auto& chat = *co_await world.upstream("chat");
  co_await chat.hears(message_to("chat", 1));
  drains(world);
  co_await client.hears_close(wire::close_code::service_restart, std::string(reason));

  // The client had not read our Close yet when it said this.
  client.says(message_to("chat", 2));
  co_await chat.hears(message_to("chat", 2));
  chat.says("too late");
  co_await world.until_quiet();
  CHECK(world.worker().stats().messages_dropped.get() == 1);

  client.says_close(wire::close_code::service_restart);
  co_await chat.hears_close(wire::close_code::service_restart);
  co_await client.hears_the_end();
  CHECK(client.has_heard_all());
}

net::awaitable<void> never_answers(gateway_world& world) {
  auto& client = world.client();
  client.says(message_to("chat", 1));
  auto& chat = *co_await world.upstream("chat");
  drains(world);
  co_await client.hears_close(wire::close_code::service_restart);
  co_await world.live_through(4900ms, 700ms);
  CHECK(world.sessions() == 1);
  co_await world.live_through(200ms);
  co_await chat.hears(message_to("chat", 1));
  co_await chat.hears_close(wire::close_code::service_restart);
}

net::awaitable<void> inside_a_message(gateway_world& world) {
  auto& client = world.client();
  client.says(message_to("chat", 1));
  auto& chat = *co_await world.upstream("chat");
  std::string const part(100'000, 'x');
  chat.says_part(wire::opcode::text, part, false);
  std::function<bool()> const begun = [&client] { return client.bytes_heard() > 50'000; };
  co_await world.until("the message to begin", begun);
  drains(world);
  co_await world.until_quiet();
  CHECK(client.has_heard_all());
  chat.says_part(wire::opcode::continuation, "end", true);
  co_await client.hears(part + "end");
  co_await client.hears_close(wire::close_code::service_restart);
}

net::awaitable<void> one_after_the_other(gateway_world& world) {
  std::vector<party*> clients;
  for (int i = 0; i < 10; ++i) clients.push_back(&world.client("client-" + std::to_string(i)));
  co_await world.until_quiet();
  drains(world, 10s);
  auto const told = [&clients] {
    return std::count_if(clients.begin(), clients.end(), [](party const* c) { return c->heard_count() > 0; });
  };
  co_await world.until_quiet();
  CHECK(told() <= 2);
  co_await world.live_through(5s, 50ms);
  CHECK(told() >= 4);
  CHECK(told() <= 7);
  co_await world.live_through(5500ms, 50ms);
  CHECK(told() == 10);
}

net::awaitable<void> with_announcement(gateway_world& world) {
  auto& client = world.client("client", true);
  auto const hello = co_await client.hears_json();
  CHECK(hello["method"] == "$gw/hello");
  drains(world, 10s);
  auto const goaway = co_await client.hears_json();
  CHECK(goaway["method"] == "$gw/goaway");
  CHECK(goaway["data"]["withinMs"] == 10'000);
  CHECK(goaway["data"]["why"] == "drain");
}

/// The upstream of a client that stopped reading, and for whom much waits.
net::awaitable<party*> deaf_chat(gateway_world& world, std::string name, int messages = 40) {
  auto& client = world.client(std::move(name));
  client.says(message_to("chat", 1));
  auto* const chat = co_await world.upstream("chat");
  co_await chat->hears(message_to("chat", 1));
  client.stops_reading();
  for (int i = 0; i < messages; ++i) chat->says(std::string(60'000, 'x'));
  co_return chat;
}

net::awaitable<void> overload(gateway_world& world) {
  auto& small = world.client("small");
  auto& chat = *co_await deaf_chat(world, "big");
  co_await world.until_quiet();
  world.worker().shed(1);
  co_await chat.hears_close(wire::close_code::going_away);
  co_await world.until_quiet();
  small.says(message_to("chat", 2));
  auto& other = *co_await world.upstream("chat");
  co_await other.hears(message_to("chat", 2));
  CHECK(small.has_heard_all());
}

net::awaitable<void> more_overload(gateway_world& world) {
  auto* const first = co_await deaf_chat(world, "first");
  auto* const second = co_await deaf_chat(world, "second");
  co_await world.until_quiet();
  world.worker().shed(1);
  world.worker().shed(1);
  co_await first->hears_close(wire::close_code::going_away);
  co_await second->hears_close(wire::close_code::going_away);
}

/// Two clients whose messages wait for dials: 1 KB each, in blocks of 4 KiB.
net::awaitable<void> blocks_given_up(gateway_world& world) {
  for (std::string const service : {"chat", "news"}) world.instance(service).holds_back();
  auto& first = world.client("first");
  auto& second = world.client("second");
  first.says(message_of_size("chat", 1'100));
  second.says(message_of_size("news", 1'000));
  for (std::string const service : {"chat", "news"}) {
    std::function<bool()> const dialled = [&] { return world.instance(service).handshakes().size() == 1; };
    co_await world.until("the dial", dialled);
  }
  world.worker().shed(3'000);
  co_await first.hears_close(wire::close_code::try_again_later);
  co_await world.until_quiet();
  CHECK_FALSE(world.session_of(second)->ending());
}

net::awaitable<void> hard_times(gateway_world& world) {
  auto const held = [&world] { return world.worker().stats().queue_memory.get(); };
  auto& chat = *co_await deaf_chat(world, "deaf", 7);
  co_await world.until_quiet();
  auto& small = world.client("small");
  world.worker().memory_is_short(true);
  co_await world.until_quiet();
  auto const before = held();
  for (int i = 0; i < 10; ++i) chat.says(std::string(60'000, 'x'));
  for (int i = 0; i < 100; ++i) small.says(message_to("chat", i));
  auto& other = *co_await world.upstream("chat");
  for (int i = 0; i < 100; ++i) co_await other.hears(message_to("chat", i));
  co_await world.until_quiet();
  CHECK(before > 0);
  CHECK(held() == before);
  world.worker().memory_is_short(false);
  co_await world.until_quiet();
  CHECK(held() > before);
}

}  // namespace

TEST_CASE("while memory is short no queue grows, and who takes what it gets is served") {
  play({}, hard_times);
}

TEST_CASE("what a client says before it has seen the Close of a drain is still delivered") {
  play({.manual_time = true}, last_words);
}

TEST_CASE("a client that never answers the Close of a drain is given five seconds") {
  play({.manual_time = true}, never_answers);
}

TEST_CASE("a drain waits for the end of a message in progress toward the client") {
  play({}, inside_a_message);
}

TEST_CASE("a drain closes sessions one after the other over its time") {
  play({.manual_time = true}, one_after_the_other);
}

TEST_CASE("a client of the control protocol is told of a drain before it happens") {
  play({.manual_time = true}, with_announcement);
}

TEST_CASE("the session that holds most is given up first") {
  play({}, overload);
}

TEST_CASE("who is given up while others are still going is somebody else") {
  play({}, more_overload);
}

TEST_CASE("no more sessions are given up than it takes, counted by the blocks that they hold") {
  play({.services = {"chat", "news"}}, blocks_given_up);
}
