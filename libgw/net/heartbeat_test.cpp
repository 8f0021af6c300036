#include "net/heartbeat.hpp"

#include "net/peer.hpp"
#include "testing/catch.hpp"
#include "testing/run_loop.hpp"
#include "testing/socket_pair.hpp"

#include <sys/socket.h>

#include <string>
#include <vector>

using namespace gw;
using namespace std::chrono_literals;

namespace {

/// A server's peer with a plain socket on the other side, under a clock that the test drives.
class scene final : public net::peer_owner {
 public:
  scene(net::loop& l, manual_clock& time)
      : loop_(l), time_(time), changed_(l.where()), server(l, wire::role::server, 0, {64 * 1024, 16 * 1024}, *this) {
    auto [ours, theirs] = testing::socket_pair();
    other_ = std::move(theirs);
    REQUIRE(server.attach(net::transport(std::move(ours)), {}));
  }

  void on_bytes(std::span<char> bytes) override {
    for (auto e = server.next(bytes); e.what != wire::event::kind::none; e = server.next(bytes)) {
      if (e.what == wire::event::kind::violation) violation = e.code;
      if (e.what == wire::event::kind::violation) return;
    }
  }
  bool may_read() const override { return reading; }
  void on_drained() override {}
  void on_lost(std::error_code) override {}
  void on_silent() override { silent = true; }
  void on_stalled() override { stalled = true; }
  void on_round_trip(duration) override { ++round_trips; }

  /// Everything that is posted, and what that posts, has run.
  net::awaitable<void> settle() {
    for (int i = 0; i < 8; ++i) {
      changed_.clear();
      loop_.post([this] { changed_.set(); });
      co_await changed_.wait();
    }
  }
  net::awaitable<void> pass(duration time) {
    constexpr duration step = 250ms;
    for (; time > duration{}; time -= step) {
      time_.advance(std::min(time, step));
      loop_.wheel.advance();
      co_await settle();
    }
  }

  net::awaitable<void> leave() {
    other_.reset();
    co_await server.close(wire::close_code::none, "", 0ms);
  }

  void hears(std::string const& bytes) const {
    REQUIRE(::send(other_.get(), bytes.data(), bytes.size(), 0) == static_cast<ssize_t>(bytes.size()));
  }
  std::string takes(std::size_t limit) const {
    std::string bytes(limit, '\0');
    auto const n = ::recv(other_.get(), bytes.data(), bytes.size(), MSG_DONTWAIT);
    bytes.resize(n > 0 ? static_cast<std::size_t>(n) : 0);
    return bytes;
  }
  static std::string from_client(wire::opcode op, std::string_view payload) {
    wire::mask_key const key{1, 2, 3, 4};
    return wire::make_frame(op, payload, &key);
  }

 private:
  net::loop& loop_;
  manual_clock& time_;
  net::unique_fd other_;
  net::event changed_;

 public:
  net::peer server;
  bool reading = true;
  bool silent = false;
  bool stalled = false;
  int round_trips = 0;
  wire::close_code violation{};
};

/// Plays `story` with a fresh scene.
void play(net::awaitable<void> (*story)(scene&)) {
  manual_clock time;
  testing::run_loop(time, [&time, story](net::loop& l) -> net::awaitable<void> {
    scene s(l, time);
    co_await story(s);
    co_await s.leave();
  });
}

constexpr net::patience usual{.ping_interval = 20s, .pong_timeout = 10s, .stall = 15s};

net::awaitable<void> a_hung_process(scene& s) {
  s.server.watch(usual);
  co_await s.pass(27s);
  CHECK_FALSE(s.silent);
  co_await s.pass(4s);
  CHECK(s.silent);
}

net::awaitable<void> answers(scene& s) {
  s.server.watch(usual);
  for (int i = 0; i < 200; ++i) {
    co_await s.pass(1s);
    wire::frame_header ping;
    auto const bytes = s.takes(100);
    if (!wire::parse_header(bytes, ping)) continue;
    s.hears(scene::from_client(wire::opcode::pong, std::string_view(bytes).substr(ping.size)));
  }
  CHECK_FALSE(s.silent);
  CHECK(s.round_trips >= 8);
}

net::awaitable<void> talks_without_answering(scene& s) {
  s.server.watch(usual);
  for (int i = 0; i < 20; ++i) {
    s.hears(scene::from_client(wire::opcode::text, "x"));
    co_await s.pass(9s);
  }
  CHECK_FALSE(s.silent);
}

net::awaitable<void> is_not_read(scene& s) {
  s.server.watch(usual);
  s.reading = false;
  co_await s.pass(5min);
  CHECK_FALSE(s.silent);
  s.reading = true;
  co_await s.pass(12s);
  CHECK(s.silent);
}

net::awaitable<void> answered_before_the_last_look(scene& s) {
  s.server.watch(usual);
  s.reading = false;  // so that the answer waits in the socket
  co_await s.pass(21s);
  s.hears(scene::from_client(wire::opcode::pong, "whatever"));
  s.reading = true;
  co_await s.pass(15s);
  CHECK_FALSE(s.silent);
}

net::awaitable<void> drains_slowly(scene& s) {
  s.server.watch(usual);
  s.server.queue(std::string(8 * 1024 * 1024, '\0'));
  std::size_t taken = 0;
  for (int i = 0; i < 180; ++i) {
    co_await s.pass(1s);
    taken += s.takes(20'000).size();
  }
  CHECK(taken == 180 * 20'000);
  CHECK_FALSE(s.silent);
  CHECK_FALSE(s.stalled);
  CHECK(s.server.congested());
}

net::awaitable<void> takes_nothing(scene& s) {
  s.server.watch({.stall = 15s});
  s.server.queue(std::string(8 * 1024 * 1024, '\0'));
  co_await s.pass(14s);
  CHECK_FALSE(s.stalled);
  co_await s.pass(4s);
  CHECK(s.stalled);
}

net::awaitable<void> floods_with_pings(scene& s) {
  std::string pings;
  for (int i = 0; i < 500; ++i) pings += scene::from_client(wire::opcode::ping, "");
  s.hears(pings);
  co_await s.settle();
  CHECK(s.violation == wire::close_code::none);
  s.hears(scene::from_client(wire::opcode::pong, ""));
  co_await s.settle();
  CHECK(s.violation == wire::close_code::flood);
}

}  // namespace

TEST_CASE("a peer that shows no life is silent after the interval and the timeout") {
  play(a_hung_process);
}

TEST_CASE("a peer that answers its pings lives, and the round trips are told") {
  play(answers);
}

TEST_CASE("a peer that talks but never answers a ping lives") {
  play(talks_without_answering);
}

TEST_CASE("a peer that is not read is not judged until it is read again") {
  play(is_not_read);
}

TEST_CASE("an answer that waits in the socket is found by the last look") {
  play(answered_before_the_last_look);
}

TEST_CASE("a peer that takes 20 KB a second is neither silent nor stalled") {
  play(drains_slowly);
}

TEST_CASE("output of which nothing drains is stalled") {
  play(takes_nothing);
}

TEST_CASE("more than 100 control frames a second for five seconds are a flood") {
  play(floods_with_pings);
}

TEST_CASE("a process that stood still for an hour does not blame its peers") {
  manual_clock time;
  testing::run_loop(time, [&time](net::loop& l) -> net::awaitable<void> {
    scene s(l, time);
    s.server.watch(usual);
    co_await s.pass(20s);  // the ping is out
    time.advance(1h);
    l.wheel.advance();
    co_await s.settle();
    CHECK_FALSE(s.silent);
    co_await s.leave();
  });
}
