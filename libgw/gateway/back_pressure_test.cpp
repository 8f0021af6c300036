#include "gateway/gateway_world_test.hpp"

using namespace gw;
using namespace gw::testing;
using namespace std::chrono_literals;

namespace {

constexpr std::size_t KiB = 1024;
constexpr std::size_t MiB = 1024 * KiB;
// More than the kernel takes for a service that does not read.
constexpr int flood = 200;
constexpr std::size_t flood_message = 60 * KiB;

cast two_services() {
  return {.services = {"chat", "data"}, .manual_time = true};
}

/// A client with channels to both services, of which `chat` no longer reads.
struct stuck {
  party* client = nullptr;
  party* chat = nullptr;
  party* data = nullptr;
};

net::awaitable<stuck> one_stuck_service(gateway_world& world) {
  stuck s;
  s.client = &world.client();
  s.client->says(message_to("chat", 0));
  s.client->says(message_to("data", 0));
  s.chat = co_await world.upstream("chat");
  s.data = co_await world.upstream("data");
  co_await s.chat->hears(message_to("chat", 0));
  co_await s.data->hears(message_to("data", 0));
  s.chat->keeps_little();
  s.chat->stops_reading();
  co_return s;
}

void floods(party& client, std::string const& service) {
  for (int i = 0; i < flood; ++i) client.says(message_of_size(service, flood_message));
}

net::awaitable<void> paused(gateway_world& world, std::uint64_t times) {
  std::function<bool()> const so_often = [&world, times] { return world.counts_of("chat").pauses.get() == times; };
  co_await world.until("a pause of the session", so_often);
}

/// Takes a QUEUE_FULL frame for each of `said` messages that was not accepted, but for those `known` before.
net::awaitable<void> hears_of_the_refused(gateway_world& world, party& client, std::uint64_t said,
                                          std::uint64_t known = 0) {
  auto const refused = said - known - world.counts_of("chat").messages_up.get();
  CHECK(refused > 0);
  for (std::uint64_t i = 0; i < refused; ++i) {
    auto const frame = co_await client.hears_json();
    CHECK(frame["error"]["code"] == "QUEUE_FULL");
    CHECK(frame["error"]["service"] == "chat");
    CHECK(frame["error"]["sent"] == false);
    CHECK(frame["error"]["retryable"] == true);
  }
}

net::awaitable<void> a_stuck_service(gateway_world& world) {
  auto const s = co_await one_stuck_service(world);
  floods(*s.client, "chat");
  s.client->says(message_to("data", 1));
  co_await paused(world, 1);
  co_await world.live_through(900ms, 300ms);
  CHECK(world.counts_of("data").messages_up.get() == 1);

  // The pause is over: chat alone is refused, and its neighbour goes on.
  world.pass(200ms);
  co_await s.data->hears(message_to("data", 1));
  co_await hears_of_the_refused(world, *s.client, flood + 1);

  // Everything that was accepted arrives, and then chat takes messages again.
  auto const accepted = world.counts_of("chat").messages_up.get() - 1;
  s.chat->reads_again();
  for (std::uint64_t i = 0; i < accepted; ++i) co_await s.chat->hears_text();
  s.client->says(message_to("chat", 2));
  co_await s.chat->hears(message_to("chat", 2));
  CHECK(s.client->has_heard_all());
}

net::awaitable<void> stuck_twice(gateway_world& world) {
  auto const s = co_await one_stuck_service(world);
  floods(*s.client, "chat");
  co_await paused(world, 1);
  world.pass(1100ms);
  co_await world.until_quiet();
  co_await hears_of_the_refused(world, *s.client, flood + 1);
  auto const accepted = world.counts_of("chat").messages_up.get() - 1;
  auto const refused = flood - accepted;
  s.chat->reads_again();
  for (std::uint64_t i = 0; i < accepted; ++i) co_await s.chat->hears_text();

  s.chat->stops_reading();
  floods(*s.client, "chat");
  s.client->says(message_to("data", 1));
  co_await s.data->hears(message_to("data", 1));
  CHECK(world.counts_of("chat").pauses.get() == 1);
  co_await hears_of_the_refused(world, *s.client, 2 * flood + 1, refused);
}

net::awaitable<void> too_much_memory(gateway_world& world) {
  auto const s = co_await one_stuck_service(world);
  floods(*s.client, "chat");
  auto const notice = co_await s.client->hears_json();
  CHECK(notice["error"]["code"] == "CHANNEL_CLOSED");
  CHECK(notice["error"]["service"] == "chat");
  CHECK(notice["error"]["reason"] == "the session holds too much memory");
  s.client->says(message_to("data", 1));
  co_await s.data->hears(message_to("data", 1));
}

net::awaitable<void> a_client_that_takes_nothing(gateway_world& world) {
  auto& slow = world.client("slow");
  auto& quick = world.client("quick");
  slow.says(message_to("chat", 0));
  auto& chat = *co_await world.upstream("chat");
  co_await chat.hears(message_to("chat", 0));
  quick.says(message_to("chat", 1));
  auto& other = *co_await world.upstream("chat");
  co_await other.hears(message_to("chat", 1));

  slow.stops_reading();
  for (int i = 0; i < 100; ++i) chat.says(std::string(flood_message, 'x'));
  auto const* const session = world.session_of(slow);
  REQUIRE(session != nullptr);
  co_await world.live_through(10s);
  CHECK(session->held_bytes() <= MiB + net::poller::read_buffer_size);
  CHECK(world.sessions() == 2);
  other.says("for the quick");
  co_await quick.hears("for the quick");

  co_await world.live_through(10s);
  CHECK(world.sessions() == 1);
  co_await chat.hears_close(wire::close_code::going_away);
}

std::uint64_t closed_with(gateway_world& world, std::uint16_t code) {
  auto const& known = gateway::worker_stats::known_codes;
  auto const i = static_cast<std::size_t>(std::find(known.begin(), known.end(), code) - known.begin());
  return world.worker().stats().closed[static_cast<std::size_t>(gateway::initiator::gateway)][i].get();
}

}  // namespace

TEST_CASE("a stuck service delays its neighbours by the pause limit, then it alone is refused with QUEUE_FULL") {
  play(two_services(), a_stuck_service);
}

TEST_CASE("a channel that has paused its session to the limit may not pause it again for ten seconds") {
  play(two_services(), stuck_twice);
}

TEST_CASE("a session that holds more than its memory loses its fullest channel and is told") {
  auto who = two_services();
  who.settings = [](config::config& c) { c.session.memory = 300 * KiB; };
  play(who, too_much_memory);
}

TEST_CASE("a client that takes nothing is closed with 4008, and nobody else notices") {
  auto who = two_services();
  play(who, [](gateway_world& world) -> net::awaitable<void> {
    co_await a_client_that_takes_nothing(world);
    CHECK(closed_with(world, 4008) == 1);
  });
}
