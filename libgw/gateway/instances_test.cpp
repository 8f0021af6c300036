#include "gateway/gateway_world_test.hpp"

#include <set>

using namespace gw;
using namespace gw::testing;
using namespace std::chrono_literals;

namespace {

/// Which instance gets the channel of a new client.
net::awaitable<party*> newcomer(gateway_world& world) {
  auto& client = world.client();
  client.says(message_to("chat", 1));
  auto* const chat = co_await world.upstream("chat");
  co_await chat->hears(message_to("chat", 1));
  co_return chat;
}

void two_in_a_row(config::config& settings) {
  settings.balancer.eject_failures = 2;
}

}  // namespace

TEST_CASE("an instance that answers handshakes with 5xx or nonsense is ejected, and nobody's message is lost by it") {
  for (auto const* const answer :
       {"HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n", "220 mail.example ESMTP\r\n\r\n"}) {
    CAPTURE(answer);
    play({.instances = 2, .settings = two_in_a_row}, [answer](gateway_world& world) -> net::awaitable<void> {
      world.instance("chat", 0).answers([answer](wire::websocket_request const&) { return std::string(answer); });
      for (int i = 0; i < 5; ++i) {
        auto const* const chat = co_await newcomer(world);
        CHECK(chat->instance == 1);
      }
      CHECK(world.instance("chat", 0).handshakes().size() == 2);
      CHECK(world.counts_of("chat").ejections.get() == 1);
    });
  }
}

TEST_CASE("a service that says no to clients is not ejected for it") {
  play({.instances = 2, .settings = two_in_a_row}, [](gateway_world& world) -> net::awaitable<void> {
    auto const refuse = [](wire::websocket_request const&) {
      return std::string("HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\n\r\n");
    };
    world.instance("chat", 0).answers(refuse);
    world.instance("chat", 1).answers(refuse);
    auto& client = world.client();
    for (int i = 0; i < 10; ++i) {
      client.says(message_to("chat", i));
      auto const told = co_await client.hears_json();
      CHECK(told["error"]["upstreamStatus"] == 401);
    }
    CHECK(world.counts_of("chat").ejections.get() == 0);
  });
}

TEST_CASE("an instance whose channels break within their first second is ejected, one that loses them later is not") {
  struct row {
    duration life;
    int channels;
    std::uint64_t ejections;
  };
  for (auto const& r : {row{0s, 2, 1}, row{999ms, 2, 1}, row{1s, 5, 0}}) {
    CAPTURE(r.life.count());
    play({.instances = 2, .settings = two_in_a_row, .manual_time = true},
         [&r](gateway_world& world) -> net::awaitable<void> {
           int broken = 0;
           for (int i = 0; i < 6; ++i) {
             auto* const chat = co_await newcomer(world);
             if (chat->instance == 1) continue;
             ++broken;
             world.pass(r.life);
             auto const open = world.counts_of("chat").channels.get();
             chat->vanishes();
             std::function<bool()> const noticed = [&] { return world.counts_of("chat").channels.get() < open; };
             co_await world.until("the end of the channel", noticed);
           }
           CHECK(broken == r.channels);
           CHECK(world.counts_of("chat").ejections.get() == r.ejections);
         });
  }
}

TEST_CASE("a service may have a policy of its own") {
  struct row {
    std::string policy, own;
    std::size_t third;
  };
  // After one channel on each instance, the second of which has gone: the emptier one is number 1, the next number 0.
  for (auto const& r : {row{"least_loaded", "", 1}, row{"round_robin", "", 0}, row{"least_loaded", "round_robin", 0},
                        row{"round_robin", "least_loaded", 1}}) {
    CAPTURE(r.policy, r.own);
    auto const settings = [&r](config::config& to) {
      to.balancer.policy = r.policy;
      to.services[0].balancer = r.own;
    };
    play({.instances = 2, .settings = settings}, [&r](gateway_world& world) -> net::awaitable<void> {
      auto const* const first = co_await newcomer(world);
      CHECK(first->instance == 0);
      auto* const second = co_await newcomer(world);
      CHECK(second->instance == 1);
      second->says_close(wire::close_code::normal);
      std::function<bool()> const gone = [&] { return world.counts_of("chat").channels.get() == 1; };
      co_await world.until("the end of the channel", gone);
      auto const* const third = co_await newcomer(world);
      CHECK(third->instance == r.third);
    });
  }
}

TEST_CASE("rules may pin a session to instances, and no notice denies what another instance got") {
  auto const pins = [](config::config& c) {
    c.rules = {{.id = "pin",
                .when = {.field = "/to", .value = {.regex = "(?P<to>.+)"}},
                .service = "chat",
                .instance = "{to}"}};
  };
  play({.instances = 2, .settings = pins}, [](gateway_world& world) -> net::awaitable<void> {
    auto& client = world.client();
    auto const to = [&world](std::size_t number, int n) {
      return R"({"to":")" + world.instance("chat", number).address() + R"(","n":)" + std::to_string(n) + "}";
    };
    std::string const first = to(0, 1);
    client.says(first);
    auto& a = *co_await world.upstream("chat");
    co_await a.hears(first);
    std::string const second = to(1, 2);
    client.says(second);
    auto& b = *co_await world.upstream("chat");
    co_await b.hears(second);
    std::string const third = to(0, 3);
    client.says(third);
    co_await a.hears(third);
    std::string const fourth = to(1, 4);
    client.says(fourth);
    co_await b.hears(fourth);

    a.vanishes();
    auto const notice = co_await client.hears_json();
    CHECK(notice["error"]["code"] == "CHANNEL_CLOSED");
    CHECK(notice["error"]["forwarded"] == 2);
    CHECK(notice["error"]["lastSeq"] == 4);

    client.says(R"({"to":"127.0.0.1:1"})");
    auto const unknown = co_await client.hears_json();
    CHECK(unknown["error"]["code"] == "NO_INSTANCE");
  });
}

TEST_CASE("with consistent hashing all sessions of one address get the same instance") {
  auto const hashed = [](config::config& c) { c.balancer.policy = "consistent_hash"; };
  play({.instances = 4, .settings = hashed}, [](gateway_world& world) -> net::awaitable<void> {
    std::optional<std::size_t> same;
    for (int i = 0; i < 6; ++i) {
      auto& client = world.client("client-" + std::to_string(i));
      client.says(message_to("chat", i));
      auto& chat = *co_await world.upstream("chat");
      co_await chat.hears(message_to("chat", i));
      if (!same) same = chat.instance;
      CHECK(chat.instance == *same);
    }
  });
}

TEST_CASE("while the only instance is probed others wait for what comes of it, and are served if it is back") {
  play({.manual_time = true}, [](gateway_world& world) -> net::awaitable<void> {
    auto& instance = world.instance("chat");
    auto& first = world.client("first");
    instance.answers([](wire::websocket_request const&) { return std::string(); });  // the connection ends
    first.says(message_to("chat", 1));
    auto const told = co_await first.hears_json();
    CHECK(told["error"]["code"] == "HANDSHAKE_REJECTED");
    world.pass(1300ms);  // the hold is over

    instance.answers(service_double::accept);
    instance.holds_back();
    first.says(message_to("chat", 2));
    std::function<bool()> const probed = [&] { return instance.handshakes().size() == 2; };
    co_await world.until("the probe", probed);
    auto& second = world.client("second");
    second.says(message_to("chat", 3));
    co_await world.until_quiet();
    CHECK(second.has_heard_all());
    instance.answers_now();
    auto* const one = co_await world.upstream("chat");
    co_await one->hears(message_to("chat", 2));
    auto* const other = co_await world.upstream("chat");
    co_await other->hears(message_to("chat", 3));
  });
}

TEST_CASE("whoever waits in vain for a probe makes the next one, and is told what came of it") {
  play({.manual_time = true}, [](gateway_world& world) -> net::awaitable<void> {
    auto& instance = world.instance("chat");
    auto& first = world.client("first");
    instance.answers([](wire::websocket_request const&) { return std::string(); });
    first.says(message_to("chat", 1));
    co_await first.hears_json();
    world.pass(1300ms);

    instance.holds_back();
    first.says(message_to("chat", 2));
    std::function<bool()> const probed = [&] { return instance.handshakes().size() == 2; };
    co_await world.until("the probe", probed);
    auto& second = world.client("second");
    second.says(message_to("chat", 3));
    co_await world.live_through(900ms, 20ms);
    CHECK(second.has_heard_all());
    instance.goes_down();
    co_await world.live_through(200ms, 20ms);
    auto const told = co_await second.hears_json();
    CHECK(told["error"]["code"] == "CONNECT_FAILED");
  });
}

TEST_CASE("consistent hashing goes by the part of the handshake that the service names, and without it by the loads") {
  struct row {
    std::string hash_on;
    bool all_at_one;
  };
  for (auto const& r : {row{"client", true}, row{"query:who", true}, row{"cookie:session", true},
                        row{"header:user-agent", true}, row{"header:x-tenant", false}, row{"query:tenant", false}}) {
    CAPTURE(r.hash_on);
    auto const settings = [&r](config::config& to) {
      to.services[0].balancer = "consistent_hash";
      to.services[0].hash_on = r.hash_on;
    };
    play({.instances = 2, .settings = settings}, [&r](gateway_world& world) -> net::awaitable<void> {
      std::set<std::size_t> used;
      for (int i = 0; i < 4; ++i) {
        auto const* const chat = co_await newcomer(world);
        used.insert(chat->instance);
      }
      CHECK(used.size() == (r.all_at_one ? 1 : 2));
    });
  }
}
