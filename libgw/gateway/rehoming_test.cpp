#include "gateway/gateway_world_test.hpp"

using namespace gw;
using namespace gw::testing;
using namespace std::chrono_literals;

namespace {

/// All that may move does so at once, when nothing has passed for five seconds.
void at_once(config::config& settings) {
  settings.services[0].rehome = {10'000, 1s};
}

/// The same for messages that a rule sends to the instance that their tenant belongs to.
void by_tenant(config::config& settings) {
  at_once(settings);
  settings.rules = {
      {.id = "tenant", .when = {.field = "/tenant", .value = {.regex = "(?P<t>.+)"}}, .service = "chat", .key = "{t}"}};
}

/// Channels of "chat" and the list of its instances, which changes.
class scene {
 public:
  explicit scene(gateway_world& world) : world_(world) {}

  /// The instances of these numbers; of `draining` no new channels are opened.
  void lists(std::vector<std::size_t> const& numbers, std::optional<std::size_t> draining = {}) {
    config::service chat = world_.worker().settings().services[0];
    for (auto const n : numbers) {
      auto const port = world_.instance("chat", n).port();
      chat.instances.push_back({.host = "127.0.0.1", .port = port, .draining = n == draining});
    }
    listed_ = cluster::registry::make(cluster::located(std::span(&chat, 1)), 1, listed_.get());
    world_.worker().use(listed_);
  }

  net::awaitable<party*> opens(party& client) {
    client.says(message_to("chat", 1));
    auto* const chat = co_await world_.upstream("chat");
    co_await chat->hears(message_to("chat", 1));
    chat->says("welcome");
    co_await client.hears("welcome");
    co_return chat;
  }

  std::uint64_t moved() const { return world_.counts_of("chat").channels_moved.get(); }
  std::uint64_t channels() const { return world_.counts_of("chat").channels.get(); }

 private:
  gateway_world& world_;
  std::shared_ptr<cluster::registry const> listed_;
};

/// Two channels on the first instance, and nothing has passed on them for `quiet` when the second one comes.
struct crowd {
  party* client[2];
  party* chat[2];
};

net::awaitable<crowd> two_at_one(gateway_world& world, scene& of, bool control = false) {
  of.lists({0});
  co_await world.until_quiet();
  crowd made{};
  for (int i = 0; i < 2; ++i) {
    made.client[i] = &world.client("client-" + std::to_string(i), control && i == 0);
    if (control && i == 0) co_await made.client[0]->hears_json();  // hello
    made.client[i]->says(message_to("chat", 1));
    made.chat[i] = co_await world.upstream("chat");
    co_await made.chat[i]->hears(message_to("chat", 1));
    if (control && i == 0) co_await made.client[0]->hears_json();  // open
  }
  of.lists({0, 1});
  co_await world.until_quiet();
  co_return made;
}

/// Of two at one instance the first has moved to the other, its client knows, and its old upstream has yet to answer.
net::awaitable<crowd> first_moved(gateway_world& world, scene& of) {
  auto const made = co_await two_at_one(world, of);
  co_await world.live_through(10s);
  auto const told = co_await made.client[0]->hears_json();
  CHECK(told["error"]["reason"] == "moved");
  co_return made;
}

}  // namespace

TEST_CASE("a quiet channel moves to an instance that has fewer, and whatever either of them says arrives") {
  play({.instances = 2, .settings = at_once, .manual_time = true}, [](gateway_world& world) -> net::awaitable<void> {
    scene s(world);
    auto const [client, chat] = co_await two_at_one(world, s);
    co_await world.live_through(4s);
    CHECK(s.channels() == 2);
    co_await world.live_through(6s);
    auto& fresh = *co_await world.upstream("chat");
    CHECK(fresh.instance == 1);
    co_await chat[0]->hears_close(wire::close_code::normal, "moved");

    co_await world.told(*client[0], R"({"method":null,"status":4,"message":"the channel moved to another instance",
        "data":{},"error":{"code":"CHANNEL_CLOSED","http":502,"stage":"relay","service":"chat","retryable":true,
        "sent":true,"closeCode":1000,"reason":"moved","epoch":1,"lastSeq":1,"forwarded":1,
        "received":0}})");
    chat[0]->says("late, from the old one");
    co_await client[0]->hears("late, from the old one");
    fresh.says("early, from the new one");
    co_await client[0]->hears("early, from the new one");
    client[0]->says(message_to("chat", 2));
    co_await fresh.hears(message_to("chat", 2));

    CHECK(s.channels() == 3);
    chat[0]->says_close(wire::close_code::normal);
    std::function<bool()> const gone = [&] { return s.channels() == 2; };
    co_await world.until("the end of the old one", gone);
    co_await world.live_through(20s);
    CHECK(s.moved() == 1);  // one each: that is level
    CHECK(client[0]->has_heard_all());
    CHECK(client[1]->has_heard_all());
    CHECK(chat[1]->has_heard_all());
  });
}

TEST_CASE("a client of wsgw.v1 is told that its channel has moved, and then that the new one is open") {
  play({.instances = 2, .settings = at_once, .manual_time = true}, [](gateway_world& world) -> net::awaitable<void> {
    scene s(world);
    auto const made = co_await two_at_one(world, s, true);
    co_await world.live_through(10s);
    co_await made.client[0]->hears(
        R"({"method":"$gw/channel","data":{"service":"chat","state":"moved","epoch":1,"lastSeq":1,"forwarded":1,)"
        R"("received":0,"closeCode":1000,"reason":"moved"}})");
    co_await made.client[0]->hears(R"({"method":"$gw/channel","data":{"service":"chat","state":"open","epoch":2}})");
  });
}

TEST_CASE("a channel on which something passes stays, also if that happens while the new one is dialled") {
  play({.instances = 2, .settings = at_once, .manual_time = true}, [](gateway_world& world) -> net::awaitable<void> {
    scene s(world);
    auto const [client, chat] = co_await two_at_one(world, s);
    for (int i = 0; i < 4; ++i) {
      for (int n = 0; n < 2; ++n) {
        chat[n]->says("tick");
        co_await client[n]->hears("tick");
      }
      co_await world.live_through(4s);
    }
    CHECK(s.channels() == 2);

    world.instance("chat", 1).holds_back();
    co_await world.live_through(6s);
    CHECK(s.channels() == 3);
    client[0]->says(message_to("chat", 2));
    co_await chat[0]->hears(message_to("chat", 2));
    world.instance("chat", 1).answers_now();
    auto& in_vain = *co_await world.upstream("chat");
    co_await in_vain.hears_close(wire::close_code::normal, "not needed");
    client[0]->says(message_to("chat", 3));
    co_await chat[0]->hears(message_to("chat", 3));
    CHECK(s.moved() == 0);
    CHECK(client[0]->has_heard_all());
  });
}

TEST_CASE("where no other instance can be reached a channel stays") {
  play({.instances = 2, .settings = at_once, .manual_time = true}, [](gateway_world& world) -> net::awaitable<void> {
    scene s(world);
    world.instance("chat", 1).goes_down();
    auto const [client, chat] = co_await two_at_one(world, s);
    co_await world.live_through(20s);
    CHECK(world.counts_of("chat").connect_failures.get() > 0);
    CHECK(s.moved() == 0);
    client[0]->says(message_to("chat", 2));
    co_await chat[0]->hears(message_to("chat", 2));
    CHECK(client[0]->has_heard_all());
  });
}

TEST_CASE("channels of an instance that drains, or is listed no more, move when they are quiet") {
  for (bool const drains : {true, false}) {
    CAPTURE(drains);
    play({.instances = 2, .settings = at_once, .manual_time = true},
         [drains](gateway_world& world) -> net::awaitable<void> {
           scene s(world);
           s.lists({0});
           auto& client = world.client();
           auto& chat = *co_await s.opens(client);
           if (drains) {
             s.lists({0, 1}, 0);
           } else {
             s.lists({1});
           }
           co_await world.live_through(10s);
           auto& fresh = *co_await world.upstream("chat");
           CHECK(fresh.instance == 1);
           co_await chat.hears_close(wire::close_code::normal, "moved");
           auto const told = co_await client.hears_json();
           CHECK(told["error"]["reason"] == "moved");
         });
  }
}

TEST_CASE("no more channels move than the pace allows, and none if the service does not ask for it") {
  struct row {
    rate pace;
    std::uint64_t in_the_end;
  };
  for (auto const& r : {row{{10, 60s}, 1}, row{{30, 60s}, 3}, row{{0, 60s}, 0}}) {
    CAPTURE(r.pace.count);
    auto const settings = [&r](config::config& c) { c.services[0].rehome = r.pace; };
    play({.instances = 2, .settings = settings, .manual_time = true},
         [&r](gateway_world& world) -> net::awaitable<void> {
           scene s(world);
           s.lists({0});
           std::vector<party*> clients;
           for (int i = 0; i < 10; ++i) {
             clients.push_back(&world.client("client-" + std::to_string(i)));
             co_await s.opens(*clients.back());
           }
           s.lists({0, 1});
           co_await world.live_through(71s);
           CHECK(s.moved() == r.in_the_end);
         });
  }
}

TEST_CASE("an upstream that does not answer the Close of a channel that moved keeps it for five quiet seconds") {
  play({.instances = 2, .settings = at_once, .manual_time = true}, [](gateway_world& world) -> net::awaitable<void> {
    scene s(world);
    auto const [client, chat] = co_await first_moved(world, s);
    co_await world.live_through(3s);
    chat[0]->says("still here");
    co_await client[0]->hears("still here");
    CHECK(s.channels() == 3);
    co_await world.live_through(4s, 100ms);
    CHECK(s.channels() == 3);
    co_await world.live_through(4s, 100ms);
    CHECK(s.channels() == 2);
    CHECK(client[0]->has_heard_all());
  });
}

TEST_CASE("an upstream that stops inside a small message does not keep a channel that moved for ever") {
  play({.instances = 2, .settings = at_once, .manual_time = true}, [](gateway_world& world) -> net::awaitable<void> {
    scene s(world);
    auto const [client, chat] = co_await first_moved(world, s);
    chat[0]->says_part(wire::opcode::text, "half a word", false);
    co_await world.live_through(9s, 100ms);
    CHECK(s.channels() == 2);
    CHECK(client[0]->has_heard_all());
  });
}

TEST_CASE("a channel that moved is not cut inside a message, however its upstream pauses") {
  play({.instances = 2, .settings = at_once, .manual_time = true}, [](gateway_world& world) -> net::awaitable<void> {
    scene s(world);
    auto const [client, chat] = co_await first_moved(world, s);
    std::string const half(100'000, 'x');
    chat[0]->says_part(wire::opcode::text, half, false);
    co_await world.live_through(9s, 100ms);
    chat[0]->says_part(wire::opcode::continuation, half, true);
    co_await client[0]->hears(half + half);
    CHECK(world.sessions() == 2);
  });
}

TEST_CASE("a channel that a rule tied to an instance that leaves is closed, and the rule decides anew") {
  play({.instances = 2, .settings = by_tenant, .manual_time = true}, [](gateway_world& world) -> net::awaitable<void> {
    scene s(world);
    s.lists({0});
    co_await world.until_quiet();
    auto& client = world.client();
    client.says(R"({"tenant":"a"})");
    auto& first = *co_await world.upstream("chat");
    co_await first.hears(R"({"tenant":"a"})");
    s.lists({1});
    co_await world.live_through(10s);
    co_await first.hears_close(wire::close_code::normal, "moved");
    auto const told = co_await client.hears_json();
    CHECK(told["error"]["reason"] == "moved");
    CHECK(s.moved() == 1);
    client.says(R"({"tenant":"a"})");
    auto& second = *co_await world.upstream("chat");
    CHECK(second.instance == 1);
    co_await second.hears(R"({"tenant":"a"})");
  });
}

TEST_CASE("a channel to an instance that a rule names stays with it while it drains") {
  auto const by_address = [](config::config& c) {
    at_once(c);
    c.rules = {{.id = "pin",
                .when = {.field = "/to", .value = {.regex = "(?P<to>.+)"}},
                .service = "chat",
                .instance = "{to}"}};
  };
  play({.instances = 2, .settings = by_address, .manual_time = true}, [](gateway_world& world) -> net::awaitable<void> {
    scene s(world);
    s.lists({0, 1});
    co_await world.until_quiet();
    auto& client = world.client();
    std::string const text = R"({"to":")" + world.instance("chat", 0).address() + R"("})";
    client.says(text);
    auto& chat = *co_await world.upstream("chat");
    co_await chat.hears(text);
    s.lists({0, 1}, 0);
    co_await world.live_through(20s);
    client.says(text);
    co_await chat.hears(text);
    CHECK(s.moved() == 0);
    CHECK(client.has_heard_all());
  });
}

TEST_CASE("a channel that a rule tied to an instance does not leave it because others have fewer") {
  play({.instances = 2, .settings = by_tenant, .manual_time = true}, [](gateway_world& world) -> net::awaitable<void> {
    scene s(world);
    s.lists({0});
    co_await world.until_quiet();
    std::vector<party*> clients;
    for (std::string const tenant : {"a", "b", "c"}) {
      std::string const text = R"({"tenant":")" + tenant + R"("})";
      clients.push_back(&world.client("client-" + tenant));
      clients.back()->says(text);
      auto& chat = *co_await world.upstream("chat");
      co_await chat.hears(text);
    }
    s.lists({0, 1});
    co_await world.live_through(20s);
    CHECK(s.moved() == 0);
    for (auto const* const client : clients) CHECK(client->has_heard_all());
  });
}

TEST_CASE("a client that goes while its channel moves leaves nothing behind") {
  play({.instances = 2, .settings = at_once, .manual_time = true}, [](gateway_world& world) -> net::awaitable<void> {
    scene s(world);
    auto const [client, chat] = co_await two_at_one(world, s);
    world.instance("chat", 1).holds_back();
    co_await world.live_through(10s);
    CHECK(s.channels() == 3);
    client[0]->says_close(wire::close_code::normal);
    co_await chat[0]->hears_close(wire::close_code::going_away);
    std::function<bool()> const gone = [&] { return s.channels() == 1; };
    chat[0]->says_close(wire::close_code::going_away);
    co_await world.until("the end of its channels", gone);
  });
}
