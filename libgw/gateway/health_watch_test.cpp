#include "gateway/health_watch.hpp"

#include "testing/service_double.hpp"
#include "testing/story.hpp"
#include "testing/tls_pair.hpp"

#include <array>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

using namespace gw;
using namespace gw::testing;
using namespace std::chrono_literals;

namespace {

using cluster::finding;
using cluster::verdict;

/// An instance that answers every request with the same bytes; without any it says nothing.
struct http_double {
  net::loop& loop;
  std::unique_ptr<net::listener> listener;
  std::string answer = {};
  std::vector<std::string> heads = {};
  std::size_t connections = 0;

  explicit http_double(net::loop& where)
      : loop(where), listener(*net::listener::open(where, *net::address::parse("0.0.0.0:0"))) {}

  net::awaitable<void> serve(net::task_group& tasks) {
    for (;;) {
      auto accepted = co_await listener->accept();
      if (!accepted) co_return;
      ++connections;
      tasks.spawn(greet(std::move(*accepted)));
    }
  }

  net::awaitable<void> greet(net::unique_fd socket) {
    net::stream stream(loop, std::move(socket));
    net::received_head received;
    auto const read = co_await net::read_head(stream, received, 4096);
    if (!read) co_return;
    heads.emplace_back(received.head());
    if (answer.empty()) {
      std::array<char, 16> nothing;
      co_await stream.read_some(nothing);  // until the other side goes
    } else {
      co_await stream.write(answer);
      co_await stream.finish();
    }
  }
};

/// A watch over one service, under a clock that the test drives.
struct watch_world {
  manual_clock time;
  net::loop loop{time};
  story told{loop};
  net::task_group tasks{loop.where()};
  http_double http{loop};
  std::unique_ptr<party> guest;
  service_double chat{told, loop, "chat", [this](std::unique_ptr<party> who) { guest = std::move(who); }};
  std::shared_ptr<config::config> settings = std::make_shared<config::config>();
  std::shared_ptr<cluster::registry const> instances;
  std::vector<cluster::opinion> opinions;
  std::unique_ptr<gateway::health_watch> watch;

  void settle_at(std::vector<std::uint16_t> const& ports) {
    auto services = settings->services;
    for (auto const port : ports) services[0].instances.push_back({.host = "127.0.0.1", .port = port});
    settle(services);
  }

  /// At 127.0.0.1 and the addresses behind it, all of them `http`.
  void settle_at_http(std::size_t count) {
    auto services = settings->services;
    auto const port = http.listener->local().port();
    for (std::size_t i = 1; i <= count; ++i) {
      services[0].instances.push_back({.host = "127.0.0." + std::to_string(i), .port = port});
    }
    settle(services);
  }

  void settle(std::vector<config::service> const& services) {
    instances = cluster::registry::make(cluster::located(services), 1, instances.get());
    watch->use(instances);
  }

  void pass(duration passed) {
    time.advance(passed);
    loop.wheel.advance();
  }

  /// Whether an opinion comes in; time passes until then, though no more than `within`.
  net::awaitable<cluster::opinion> next_opinion(duration within = 1min) {
    auto const known = opinions.size();
    for (duration passed{}; opinions.size() == known && passed < within; passed += 500ms) {
      pass(500ms);
      co_await told.until_quiet();
    }
    REQUIRE(opinions.size() == known + 1);
    co_return opinions.back();
  }
};

config::health_check check_by_http() {
  return {.http = "/up", .interval = 10s, .timeout = 2s, .rise = 1, .fall = 1};
}

void play(config::service service, std::function<net::awaitable<void>(watch_world&)> body) {
  watch_world world;
  service.name = "chat";
  world.settings->services = {std::move(service)};
  world.watch = std::make_unique<gateway::health_watch>(
      world.loop, world.settings, [&world](cluster::opinion found) { world.opinions.push_back(found); });
  world.tasks.spawn(world.http.serve(world.tasks));
  world.tasks.spawn(world.chat.serve(world.tasks));
  world.tasks.spawn(world.watch->run());
  auto const farewell = [&world]() -> net::awaitable<void> {
    world.watch->stop();
    world.http.listener->close();
    world.chat.closes();
    world.chat.answers_now();
    if (world.guest) world.guest->vanishes();
    std::function<bool()> const nobody_left = [&world] { return world.tasks.size() == 0; };
    co_await world.told.until("everybody to leave", nobody_left);
    co_await world.tasks.join();
  };
  world.told.run([&] { return body(world); }, farewell);
  CHECK(world.loop.wheel.size() == 0);
}

net::awaitable<void> stop(gateway::health_watch& watch) {
  watch.stop();
  co_return;
}

}  // namespace

TEST_CASE("an HTTP check asks for its path, and any 2xx is good") {
  struct row {
    std::string answer;
    verdict is;
    finding why;
  };
  for (auto const& r : {row{"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok", verdict::healthy, finding::good},
                        row{"HTTP/1.1 204 No Content\r\n\r\n", verdict::healthy, finding::good},
                        row{"HTTP/1.1 302 Found\r\nLocation: /\r\n\r\n", verdict::unhealthy, finding::bad_status},
                        row{"HTTP/1.1 503 Busy\r\n\r\n", verdict::unhealthy, finding::bad_status},
                        row{"220 mail.example ESMTP\r\n\r\n", verdict::unhealthy, finding::bad_answer}}) {
    CAPTURE(r.answer);
    play({.host = "chat.example", .health = check_by_http()}, [&r](watch_world& world) -> net::awaitable<void> {
      world.http.answer = r.answer;
      world.settle_at({world.http.listener->local().port()});
      auto const told = co_await world.next_opinion();
      CHECK(told.is == r.is);
      CHECK(told.why == r.why);
      CHECK(told.service == 0);
      CHECK(told.instance == world.instances->at(0).instances[0].id);
      REQUIRE(world.http.heads.size() == 1);
      CHECK(world.http.heads[0].starts_with("GET /up HTTP/1.1\r\nHost: chat.example\r\n"));
    });
  }
}

TEST_CASE("an instance that says nothing is unhealthy when the time for a check is over") {
  play({.health = check_by_http()}, [](watch_world& world) -> net::awaitable<void> {
    world.settle_at({world.http.listener->local().port()});
    auto const before = world.time.now();
    auto const told = co_await world.next_opinion();
    CHECK(told.is == verdict::unhealthy);
    CHECK(told.why == finding::too_late);
    CHECK(world.time.now() - before >= 2s);
    CHECK(world.time.now() - before <= 3s);
  });
}

TEST_CASE("a TCP check is good if the connection is taken") {
  config::health_check const by_tcp{.tcp = true, .interval = 1s, .fall = 1};
  play({.health = by_tcp}, [](watch_world& world) -> net::awaitable<void> {
    world.settle_at({world.chat.port()});
    auto const good = co_await world.next_opinion();
    CHECK(good.is == verdict::healthy);
    world.chat.goes_down();
    auto const bad = co_await world.next_opinion();
    CHECK(bad.is == verdict::unhealthy);
    CHECK(bad.why == finding::unreachable);
  });
}

TEST_CASE("a WebSocket check opens one, pings, and leaves with a Close") {
  config::health_check const by_ws{.ws = "/ws?check", .timeout = 2s, .fall = 1};
  play({.subprotocol = "chat.v2", .health = by_ws}, [](watch_world& world) -> net::awaitable<void> {
    world.settle_at({world.chat.port()});
    auto const told = co_await world.next_opinion();
    CHECK(told.is == verdict::healthy);
    REQUIRE(world.guest);
    CHECK(world.guest->handshake.starts_with("GET /ws?check HTTP/1.1\r\n"));
    CHECK(world.guest->handshake.find("\r\nSec-WebSocket-Protocol: chat.v2\r\n") != std::string::npos);
    co_await world.guest->hears_close(wire::close_code::normal);
    auto const frames = world.guest->frames();
    CHECK(frames.front().header.op == wire::opcode::ping);
    CHECK(frames.front().header.masked);
  });
}

TEST_CASE("a WebSocket check fails with what answers no handshake or no ping") {
  struct row {
    std::function<std::string(wire::websocket_request const&)> answer;
    finding why;
  };
  auto const refused = [](wire::websocket_request const&) { return std::string("HTTP/1.1 404 Not Found\r\n\r\n"); };
  auto const wrong = [](wire::websocket_request const&) { return wire::make_upgrade_response("bm9wZQ==", ""); };
  auto const closing = [](wire::websocket_request const& r) {
    return service_double::accept(r) + wire::make_frame(wire::opcode::close, "", nullptr);
  };
  auto const nonsense = [](wire::websocket_request const& r) { return service_double::accept(r) + "\xff\xff"; };
  config::health_check const by_ws{.ws = "/ws", .timeout = 2s, .fall = 1};
  for (auto const& r : {row{refused, finding::bad_status}, row{wrong, finding::bad_answer},
                        row{closing, finding::bad_answer}, row{nonsense, finding::bad_answer}}) {
    play({.health = by_ws}, [&r](watch_world& world) -> net::awaitable<void> {
      world.chat.answers(r.answer);
      world.settle_at({world.chat.port()});
      auto const told = co_await world.next_opinion();
      CHECK(told.is == verdict::unhealthy);
      CHECK(told.why == r.why);
    });
  }
}

TEST_CASE("a service that speaks TLS is examined by TLS, and its certificate is looked at") {
  tls_cast const files;
  config::health_check const by_ws{.ws = "/ws", .timeout = 2s, .fall = 1};
  for (bool const known : {true, false}) {
    CAPTURE(known);
    config::service secure{.host = "gateway.test", .health = by_ws};
    secure.tls = {.enabled = true, .ca = known ? files.gateway.cert : files.stranger.cert};
    play(secure, [&](watch_world& world) -> net::awaitable<void> {
      gateway::tls_files certificates(*world.settings);
      REQUIRE(certificates.load().has_value());
      world.watch->use(certificates.contexts());
      world.chat.speaks_tls(files.server());
      world.settle_at({world.chat.port()});
      auto const told = co_await world.next_opinion();
      CHECK(told.why == (known ? finding::good : finding::tls_failed));
    });
  }
}

TEST_CASE("verdicts change with the checks in a row, once in an interval, and are counted") {
  auto twice = check_by_http();
  twice.fall = 2;
  play({.health = twice}, [](watch_world& world) -> net::awaitable<void> {
    world.http.answer = "HTTP/1.1 200 OK\r\n\r\n";
    world.settle_at({world.http.listener->local().port()});
    CHECK(world.watch->counts()[0].unknown == 1);
    auto const good = co_await world.next_opinion();
    CHECK(good.is == verdict::healthy);
    CHECK(world.watch->counts()[0].healthy == 1);
    world.http.answer = "HTTP/1.1 500 Oops\r\n\r\n";
    auto const before = world.time.now();
    auto const bad = co_await world.next_opinion();
    CHECK(bad.is == verdict::unhealthy);
    CHECK(world.time.now() - before >= 18s);
    CHECK(world.time.now() - before <= 22s);
    CHECK(world.http.heads.size() == 3);
    CHECK(world.watch->counts()[0].unhealthy == 1);
    CHECK(world.watch->counts()[0].healthy == 0);
  });
}

TEST_CASE("who leaves is no longer examined, who stays keeps the verdict, and who is new is examined soon") {
  play({.health = check_by_http()}, [](watch_world& world) -> net::awaitable<void> {
    world.http.answer = "HTTP/1.1 200 OK\r\n\r\n";
    world.settle_at_http(1);
    co_await world.next_opinion();
    world.settle_at_http(2);
    CHECK(world.watch->counts()[0].healthy == 1);
    CHECK(world.watch->counts()[0].unknown == 1);
    auto const of_new = co_await world.next_opinion(1s);
    CHECK(of_new.instance == world.instances->at(0).instances[1].id);
    CHECK(world.watch->counts()[0].healthy == 2);
    world.settle_at({});
    CHECK(world.watch->counts()[0].healthy == 0);
    auto const asked = world.http.heads.size();
    for (int i = 0; i < 30; ++i) {
      world.pass(1s);
      co_await world.told.until_quiet();
    }
    CHECK(world.http.heads.size() == asked);
    CHECK(world.opinions.size() == 2);
  });
}

TEST_CASE("each of more instances than are examined at once has its turn though all of them are silent") {
  auto often = check_by_http();
  often.interval = 1s;
  play({.health = often}, [](watch_world& world) -> net::awaitable<void> {
    auto const count = 2 * gateway::health_watch::most_at_once + 2;
    world.settle_at_http(count);
    // Three rounds of two seconds, and the steps between them.
    for (int i = 0; i < 10; ++i) {
      world.pass(1s);
      co_await world.told.until_quiet();
    }
    CHECK(world.watch->counts()[0].unhealthy == count);
  });
}

TEST_CASE("a watch that stops breaks off what is under way") {
  play({.health = check_by_http()}, [](watch_world& world) -> net::awaitable<void> {
    world.settle_at({world.http.listener->local().port()});
    world.pass(500ms);
    std::function<bool()> const asked = [&world] { return world.http.heads.size() == 1; };
    co_await world.told.until("the check to begin", asked);
    world.watch->stop();
    std::function<bool()> const over = [&world] { return world.tasks.size() == 2; };  // the two services
    co_await world.told.until("the end of the watch", over);
    CHECK(world.opinions.empty());
  });
}

TEST_CASE("a watch that stops begins nothing that was about to begin") {
  play({.health = check_by_http()}, [](watch_world& world) -> net::awaitable<void> {
    world.settle_at_http(1);
    co_await world.told.until_quiet();
    world.pass(1s);
    world.tasks.spawn(stop(*world.watch));  // starts behind the watch, which finds what is due, and before the check
    std::function<bool()> const over = [&world] { return world.tasks.size() == 2; };  // the two services
    co_await world.told.until("the end of the watch", over);
    co_await world.told.until_quiet();
    CHECK(world.http.connections == 0);
  });
}

TEST_CASE("without a check in the configuration nobody is examined") {
  play({}, [](watch_world& world) -> net::awaitable<void> {
    world.settle_at({world.http.listener->local().port()});
    world.pass(1min);
    co_await world.told.until_quiet();
    CHECK(world.http.connections == 0);
    CHECK(world.watch->counts()[0].unknown == 1);
  });
}
