#include "net/stream.hpp"

#include "net/peer.hpp"
#include "testing/catch.hpp"
#include "testing/run_loop.hpp"
#include "testing/socket_pair.hpp"

#include <sys/socket.h>

#include <string>
#include <utility>
#include <vector>

using namespace gw;
using namespace std::chrono_literals;

namespace {

constexpr watermarks marks{.high = 1024 * 1024, .low = 256 * 1024};

std::string masked(std::string_view text) {
  wire::mask_key const key{1, 2, 3, 4};
  return wire::make_frame(wire::opcode::text, text, &key);
}

void write_to(net::unique_fd const& socket, std::string_view bytes) {
  REQUIRE(::send(socket.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL) == static_cast<ssize_t>(bytes.size()));
}

/// A server that writes down what happens to it, in the order of all that share its list.
class server final : public net::peer_owner {
 public:
  server(net::loop& l, std::vector<std::string>& told)
      : peer(l, wire::role::server, 0, marks, *this), changed(l.where()), told_(told) {}

  void on_bytes(std::span<char> bytes) override {
    for (auto e = peer.next(bytes); e.what == wire::event::kind::message; e = peer.next(bytes)) {
      note({e.payload.data(), e.payload.size()});
    }
  }
  bool may_read() const override { return true; }
  void on_drained() override {}
  void on_lost(std::error_code cause) override { note(cause ? "broken" : "end of input"); }

  net::awaitable<void> until(std::size_t count) {
    while (told_.size() < count) {
      changed.clear();
      co_await changed.wait();
    }
  }

  net::peer peer;
  net::event changed;

 private:
  void note(std::string what) {
    told_.push_back(std::move(what));
    changed.set();
  }

  std::vector<std::string>& told_;
};

std::string name_of(errc code) {
  return std::string(row_of(code).name);
}

/// Notes how a read ends, with what.
net::awaitable<void> read_once(net::stream& from, std::vector<std::string>& told) {
  std::string bytes;
  auto const read = co_await from.append_some(bytes);
  told.push_back(read ? bytes : name_of(read.error().code));
}

net::address bound_but_deaf(net::unique_fd const& socket) {
  auto const any = net::address::of_ip("127.0.0.1", 0).value();
  REQUIRE(::bind(socket.get(), any.data(), any.size()) == 0);
  return net::address::of_socket(socket.get(), true);
}

}  // namespace

TEST_CASE("a connection that is refused says so, and the stream may try another address") {
  monotonic_clock const time;
  testing::run_loop(time, [](net::loop& l) -> net::awaitable<void> {
    net::unique_fd const ours(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    auto const at = bound_but_deaf(ours);
    net::stream s(l);
    auto const refused = co_await s.connect(at);
    REQUIRE_FALSE(refused.has_value());
    CHECK(refused.error().cause == std::errc::connection_refused);
    CHECK_FALSE(s.is_open());
    CHECK(l.sockets.watched() == 0);

    REQUIRE(::listen(ours.get(), 1) == 0);
    auto const connected = co_await s.connect(at);
    CHECK(connected.has_value());
    CHECK(s.is_open());
  });
}

TEST_CASE("what comes before a peer takes a connection over is the peer's, up to the end of input") {
  monotonic_clock const time;
  testing::run_loop(time, [](net::loop& l) -> net::awaitable<void> {
    auto [ours, theirs] = testing::socket_pair();
    std::vector<std::string> told;
    net::stream s(l, std::move(ours));
    write_to(theirs, "hello");
    std::string head;
    auto const read = co_await s.append_some(head);
    REQUIRE(read.has_value());
    CHECK(head == "hello");

    // The stream, which nobody reads any more, gets the edge of the message and of the end.
    write_to(theirs, masked("one"));
    theirs.reset();
    l.sockets.turn();
    server heir(l, told);
    auto const attached = heir.peer.attach(s, masked("nought"));
    REQUIRE(attached.has_value());
    CHECK_FALSE(s.is_open());
    CHECK(l.sockets.watched() == 1);
    co_await heir.until(3);
    CHECK(told == std::vector<std::string>{"nought", "one", "end of input"});
    co_await heir.peer.close(wire::close_code::none, "", 0ms);
  });
}

TEST_CASE("a stream that was closed has nothing to hand over") {
  monotonic_clock const time;
  testing::run_loop(time, [](net::loop& l) -> net::awaitable<void> {
    auto [ours, theirs] = testing::socket_pair();
    std::vector<std::string> told;
    net::stream s(l, std::move(ours));
    s.close();
    server heir(l, told);
    auto const attached = heir.peer.attach(s, {});
    CHECK_FALSE(attached.has_value());
    CHECK_FALSE(heir.peer.attached());
    CHECK(l.sockets.watched() == 0);
    co_return;
  });
}

TEST_CASE("closing or interrupting a stream ends the read that waits") {
  monotonic_clock const time;
  testing::run_loop(time, [](net::loop& l) -> net::awaitable<void> {
    auto [a, silent_a] = testing::socket_pair();
    auto [b, silent_b] = testing::socket_pair();
    std::vector<std::string> told;
    net::stream closed(l, std::move(a));
    net::stream interrupted(l, std::move(b));
    net::task_group reading(l.where());
    reading.spawn(read_once(closed, told));
    reading.spawn(read_once(interrupted, told));
    net::event both_wait(l.where());
    both_wait.set();
    co_await both_wait.wait();  // resumed behind what was spawned before
    CHECK(told.empty());
    closed.close();
    interrupted.interrupt();
    co_await reading.join();
    CHECK(told == std::vector<std::string>{name_of(errc::closed), name_of(errc::timeout)});
    CHECK(interrupted.is_open());
  });
}
