#include "net/peer.hpp"

#include "testing/catch.hpp"
#include "testing/run_loop.hpp"
#include "testing/socket_pair.hpp"

#include <algorithm>
#include <string>
#include <vector>

using namespace gw;
using namespace std::chrono_literals;

namespace {

/// Writes down what a peer tells its owner.
class recorder final : public net::peer_owner {
 public:
  explicit recorder(net::loop& l) : changed(l.where()) {}

  void on_bytes(std::span<char> bytes) override {
    for (;;) {
      auto const e = peer->next(bytes);
      if (e.what == wire::event::kind::none) break;
      std::string const text(e.payload.data(), e.payload.size());
      if (e.what == wire::event::kind::message) note("message " + text);
      if (e.what == wire::event::kind::piece) {
        partial += text;
        if (e.last) note("message " + std::exchange(partial, {}));
      }
      if (e.what == wire::event::kind::control) note("close " + std::to_string(static_cast<int>(e.code)));
      if (e.what == wire::event::kind::violation) note("violation " + std::to_string(static_cast<int>(e.code)));
    }
  }
  bool may_read() const override { return reading; }
  void on_drained() override { note("drained"); }
  void on_lost(std::error_code cause) override { note(cause ? "broken" : "end of input"); }

  void note(std::string line) {
    lines.push_back(std::move(line));
    changed.set();
  }
  net::awaitable<void> until(std::size_t count) {
    while (lines.size() < count) {
      changed.clear();
      co_await changed.wait();
    }
  }

  net::peer* peer = nullptr;
  bool reading = true;
  std::string partial;
  std::vector<std::string> lines;
  net::event changed;
};

constexpr watermarks marks{.high = 1024 * 1024, .low = 256 * 1024};

/// A client and a server on a socket pair.
struct pair_of_peers {
  explicit pair_of_peers(net::loop& l, net::socket_calls* server_calls = nullptr)
      : server_owner(l),
        client_owner(l),
        server(l, wire::role::server, 0, marks, server_owner),
        client(l, wire::role::client, 0, marks, client_owner) {
    server_owner.peer = &server;
    client_owner.peer = &client;
    auto [a, b] = testing::socket_pair();
    REQUIRE(server.attach(net::transport(std::move(a), server_calls), {}));
    REQUIRE(client.attach(net::transport(std::move(b)), {}));
  }
  net::awaitable<void> close() {
    co_await client.close(wire::close_code::normal, "", 0ms);
    co_await server.close(wire::close_code::normal, "", 0ms);
  }
  recorder server_owner;
  recorder client_owner;
  net::peer server;
  net::peer client;
};

using lines = std::vector<std::string>;

/// Passes by itself, and faster when a test says so.
class hurried_clock final : public clock {
 public:
  time_point now() const noexcept override { return std::chrono::steady_clock::now() + ahead; }

  duration ahead{};
};

}  // namespace

TEST_CASE("messages go both ways, in order, and pings are answered without the owner") {
  monotonic_clock const time;
  testing::run_loop(time, [](net::loop& l) -> net::awaitable<void> {
    pair_of_peers p(l);
    p.client.send_message(wire::opcode::text, "one");
    p.client.send_message(wire::opcode::ping, "are you there");
    p.client.send_message(wire::opcode::text, std::string(100'000, 'x'));
    p.server.send_message(wire::opcode::text, "hello");
    co_await p.server_owner.until(2);
    co_await p.client_owner.until(1);
    CHECK(p.server_owner.lines == lines{"message one", "message " + std::string(100'000, 'x')});
    CHECK(p.client_owner.lines == lines{"message hello"});
    co_await p.close();
  });
}

TEST_CASE("bytes that came behind the handshake are read first, without waiting for the socket") {
  monotonic_clock const time;
  testing::run_loop(time, [](net::loop& l) -> net::awaitable<void> {
    recorder owner(l);
    net::peer server(l, wire::role::server, 0, marks, owner);
    owner.peer = &server;
    auto [a, b] = testing::socket_pair();
    wire::mask_key const key{1, 2, 3, 4};
    REQUIRE(server.attach(net::transport(std::move(a)), wire::make_frame(wire::opcode::text, "early", &key)));
    co_await owner.until(1);
    CHECK(owner.lines == lines{"message early"});
    co_await server.close(wire::close_code::normal, "", 0ms);
  });
}

namespace {

/// Takes one message of each read and leaves the rest for later.
class moderate_owner final : public net::peer_owner {
 public:
  explicit moderate_owner(net::loop& l) : changed(l.where()) {}

  void on_bytes(std::span<char> bytes) override {
    ++reads;
    auto const e = peer->next(bytes);
    if (e.what == wire::event::kind::message) heard.emplace_back(e.payload.data(), e.payload.size());
    if (e.what == wire::event::kind::control) closed = true;
    if (heard.size() == pause_after) reading = false;
    peer->put_back(bytes);
    most_waiting = std::max(most_waiting, peer->waiting_input());
    changed.set();
  }
  bool may_read() const override { return reading; }
  void on_drained() override {}
  void on_lost(std::error_code) override {}

  net::peer* peer = nullptr;
  bool reading = true;
  bool closed = false;
  std::size_t pause_after = 0;
  std::size_t reads = 0;
  std::size_t most_waiting = 0;
  std::vector<std::string> heard;
  net::event changed;
};

}  // namespace

TEST_CASE("what is put back is read again, in order, before anything that the socket has") {
  monotonic_clock const time;
  testing::run_loop(time, [](net::loop& l) -> net::awaitable<void> {
    moderate_owner owner(l);
    recorder other(l);
    net::peer server(l, wire::role::server, 0, marks, owner);
    net::peer client(l, wire::role::client, 0, marks, other);
    owner.peer = &server;
    other.peer = &client;
    auto [a, b] = testing::socket_pair();
    REQUIRE(server.attach(net::transport(std::move(a)), {}));
    REQUIRE(client.attach(net::transport(std::move(b)), {}));
    constexpr std::size_t count = 50;
    owner.pause_after = count / 2;
    std::vector<std::string> said;
    for (std::size_t i = 0; i < count; ++i) {
      said.push_back("message " + std::to_string(i));
      client.send_message(wire::opcode::text, said.back());
    }
    while (owner.reading) {
      owner.changed.clear();
      co_await owner.changed.wait();
    }
    client.send_message(wire::opcode::text, "the last");
    said.emplace_back("the last");
    for (int i = 0; i < 3; ++i) l.sockets.turn();
    CHECK(owner.heard.size() == count / 2);
    CHECK(server.waiting_input() > 0);
    owner.pause_after = 0;
    owner.reading = true;
    server.resume_reading();
    while (owner.heard.size() < said.size()) {
      owner.changed.clear();
      co_await owner.changed.wait();
    }
    CHECK(owner.heard == said);
    CHECK(owner.reads >= said.size());
    CHECK(owner.most_waiting > 0);
    CHECK(server.waiting_input() == 0);
    CHECK(server.bytes_in() == client.bytes_out());
    client.send_close(wire::close_code::normal, "");
    while (!owner.closed) {
      owner.changed.clear();
      co_await owner.changed.wait();
    }
    co_await client.close(wire::close_code::normal, "", 0ms);
    co_await server.close(wire::close_code::normal, "", 0ms);
  });
}

TEST_CASE("a paused peer is not read, and goes on where it stopped") {
  monotonic_clock const time;
  testing::run_loop(time, [](net::loop& l) -> net::awaitable<void> {
    pair_of_peers p(l);
    p.server_owner.reading = false;
    p.client.send_message(wire::opcode::text, "later");
    p.server.send_message(wire::opcode::text, "first");
    co_await p.client_owner.until(1);
    CHECK(p.server_owner.lines.empty());
    p.server_owner.reading = true;
    p.server.resume_reading();
    co_await p.server_owner.until(1);
    CHECK(p.server_owner.lines == lines{"message later"});
    co_await p.close();
  });
}

TEST_CASE("a poller that spins looks for more until its time is over, and then waits as usual") {
  hurried_clock time;
  testing::run_loop(time, [&time](net::loop& l) -> net::awaitable<void> {
    l.sockets.spin_for(1h);
    pair_of_peers p(l);
    p.client.send_message(wire::opcode::text, "one");
    co_await p.server_owner.until(1);
    CHECK(l.sockets.spinning());
    time.ahead += 1h;
    CHECK_FALSE(l.sockets.spinning());
    p.client.send_message(wire::opcode::text, "two");
    co_await p.server_owner.until(2);
    CHECK(p.server_owner.lines == lines{"message one", "message two"});
    co_await p.close();
  });
}

TEST_CASE("output that the socket refuses waits, is counted, and its draining is told") {
  monotonic_clock const time;
  testing::run_loop(time, [](net::loop& l) -> net::awaitable<void> {
    pair_of_peers p(l);
    p.client_owner.reading = false;
    std::string const big(500'000, 'b');
    for (int i = 0; i < 8; ++i) p.server.send_message(wire::opcode::binary, big);
    CHECK(p.server.congested());
    p.client_owner.reading = true;
    p.client.resume_reading();
    co_await p.client_owner.until(8);
    co_await p.server_owner.until(1);
    CHECK(p.server_owner.lines == lines{"drained"});
    CHECK_FALSE(p.server.congested());
    CHECK(p.client_owner.lines == lines(8, "message " + big));
    co_await p.close();
  });
}

TEST_CASE("closing sends what is queued, a Close behind it, and waits for the other side") {
  monotonic_clock const time;
  testing::run_loop(time, [](net::loop& l) -> net::awaitable<void> {
    pair_of_peers p(l);
    p.server.send_message(wire::opcode::text, "last words");
    net::task_group closing(l.where());
    closing.spawn(p.server.close(wire::close_code::service_restart, "bye", 5s));
    co_await p.client_owner.until(2);
    CHECK(p.client_owner.lines == lines{"message last words", "close 1012"});
    co_await p.client.close(wire::close_code::service_restart, "", 5s);
    co_await closing.join();
    CHECK_FALSE(p.server.attached());
    CHECK_FALSE(p.client.attached());
  });
}

TEST_CASE("a peer that never answers a Close is cut when patience ends") {
  manual_clock time;
  net::loop l(time);
  {
    recorder owner(l);
    net::peer server(l, wire::role::server, 0, marks, owner);
    owner.peer = &server;
    auto [a, silent] = testing::socket_pair();
    REQUIRE(server.attach(net::transport(std::move(a)), {}));
    net::task_group closing(l.where());
    closing.spawn(server.close(wire::close_code::going_away, "", 5s));
    l.io.poll();
    time.advance(4s);
    l.wheel.advance();
    l.io.poll();
    CHECK(server.attached());
    time.advance(2s);
    l.wheel.advance();
    l.io.poll();
    CHECK_FALSE(server.attached());
    CHECK(closing.size() == 0);
  }
  l.shut_down();
  l.io.run();
}

TEST_CASE("whatever system call fails first, the owner is told once and nothing is left") {
  monotonic_clock const time;
  for (std::size_t n = 1; n <= 8; ++n) {
    for (bool const receiving : {true, false}) {
      testing::failing_calls calls;
      (receiving ? calls.fail_receive : calls.fail_send) = n;
      testing::run_loop(time, [&](net::loop& l) -> net::awaitable<void> {
        pair_of_peers p(l, &calls);
        auto& heard = p.server_owner.lines;
        // Each round costs the server at least one call of either kind.
        for (std::size_t round = 1; round <= n && (heard.empty() || heard.back() != "broken"); ++round) {
          p.client.send_message(wire::opcode::text, "question");
          p.server.send_message(wire::opcode::text, "answer");
          co_await p.server_owner.until(round);
        }
        while (heard.back() != "broken") co_await p.server_owner.until(heard.size() + 1);
        CHECK(std::count(heard.begin(), heard.end(), "broken") == 1);
        co_await p.close();
        CHECK(l.sockets.watched() == 0);
      });
    }
  }
}

TEST_CASE("the end of input behind the last bytes is not missed") {
  monotonic_clock const time;
  testing::run_loop(time, [](net::loop& l) -> net::awaitable<void> {
    recorder owner(l);
    net::peer server(l, wire::role::server, 0, marks, owner);
    owner.peer = &server;
    auto [a, b] = testing::socket_pair();
    wire::mask_key const key{9, 9, 9, 9};
    auto const frame = wire::make_frame(wire::opcode::text, "and gone", &key);
    REQUIRE(::send(b.get(), frame.data(), frame.size(), 0) == static_cast<ssize_t>(frame.size()));
    b.reset();
    REQUIRE(server.attach(net::transport(std::move(a)), {}));
    co_await owner.until(2);
    CHECK(owner.lines == lines{"message and gone", "end of input"});
    co_await server.close(wire::close_code::normal, "", 0ms);
  });
}
