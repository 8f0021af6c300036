#include "net/peer.hpp"
#include "net/stream.hpp"
#include "net/tls_engine.hpp"
#include "testing/catch.hpp"
#include "testing/run_loop.hpp"
#include "testing/socket_pair.hpp"
#include "testing/tls_identities.hpp"

#include <sys/socket.h>

#include <string>
#include <string_view>
#include <vector>

using namespace gw;
using namespace std::chrono_literals;

namespace {

/// Two ends of one connection that speak TLS, before any upgrade.
struct secure_pair {
  explicit secure_pair(net::loop& l) : secure_pair(l, testing::socket_pair()) {}

  net::awaitable<void> shake_hands(net::loop& l, testing::identity files) {
    auto const server_side = *net::tls_context::server({.cert_file = files.cert, .key_file = files.key});
    auto const client_side = *net::tls_context::client({.ca_file = files.cert});
    net::task_group group(l.where());
    auto one = [](net::stream& s, std::unique_ptr<net::tls_engine> engine, bool& done) -> net::awaitable<void> {
      auto const secured = co_await s.secure(std::move(engine));
      done = secured.has_value();
    };
    group.spawn(one(server, std::make_unique<net::tls_engine>(server_side, true), server_done));
    group.spawn(one(client, std::make_unique<net::tls_engine>(client_side, false, "a.test"), client_done));
    co_await group.join();
  }

  net::stream server;
  net::stream client;
  bool server_done = false;
  bool client_done = false;

 private:
  secure_pair(net::loop& l, std::pair<net::unique_fd, net::unique_fd> ends)
      : server(l, std::move(ends.first)), client(l, std::move(ends.second)) {}
};

class collector final : public net::peer_owner {
 public:
  explicit collector(net::loop& l) : changed(l.where()) {}
  void on_bytes(std::span<char> bytes) override {
    for (;;) {
      auto const e = peer->next(bytes);
      if (e.what == wire::event::kind::none) return;
      partial.append(e.payload.data(), e.payload.size());
      if (e.what == wire::event::kind::piece && !e.last) continue;
      messages.push_back(std::exchange(partial, {}));
      changed.set();
    }
  }
  bool may_read() const override { return true; }
  void on_drained() override {}
  void on_lost(std::error_code) override {
    lost = true;
    changed.set();
  }
  net::awaitable<void> until(std::size_t count) {
    while (messages.size() < count) {
      changed.clear();
      co_await changed.wait();
    }
  }

  net::peer* peer = nullptr;
  bool lost = false;
  std::string partial;
  std::vector<std::string> messages;
  net::event changed;
};

/// The beginning of a TLS record of 64 bytes, and no more: whoever gets it has bytes that say nothing.
void break_off_inside_a_record(net::unique_fd connection) {
  constexpr std::string_view begin("\x17\x03\x03\x00\x40...", 8);
  REQUIRE(::send(connection.get(), begin.data(), begin.size(), MSG_NOSIGNAL) == 8);
}

}  // namespace

TEST_CASE("a stream speaks TLS from the handshake on, with the same reads and writes") {
  monotonic_clock const time;
  testing::tls_identities const identities;
  auto const files = identities.make("a.test", "DNS:a.test");
  testing::run_loop(time, [&](net::loop& l) -> net::awaitable<void> {
    secure_pair p(l);
    co_await p.shake_hands(l, files);
    REQUIRE(p.server_done);
    REQUIRE(p.client_done);
    auto const written = co_await p.client.write("GET / HTTP/1.1\r\n\r\n");
    REQUIRE(written.has_value());
    std::string heard;
    while (heard.size() < 18) {
      std::array<char, 7> some;
      auto const n = co_await p.server.read_some(some);
      REQUIRE(n.has_value());
      heard.append(some.data(), *n);
    }
    CHECK(heard == "GET / HTTP/1.1\r\n\r\n");
  });
}

TEST_CASE("after the upgrade a peer speaks TLS on the data path, small messages and large ones, both ways") {
  monotonic_clock const time;
  testing::tls_identities const identities;
  auto const files = identities.make("a.test", "DNS:a.test");
  testing::run_loop(time, [&](net::loop& l) -> net::awaitable<void> {
    secure_pair p(l);
    co_await p.shake_hands(l, files);
    REQUIRE(p.client_done);
    constexpr watermarks marks{.high = 1024 * 1024, .low = 256 * 1024};
    collector at_server(l);
    collector at_client(l);
    net::peer server(l, wire::role::server, 0, marks, at_server);
    net::peer client(l, wire::role::client, 0, marks, at_client);
    at_server.peer = &server;
    at_client.peer = &client;
    REQUIRE(server.attach(p.server.release(), {}).has_value());
    REQUIRE(client.attach(p.client.release(), {}).has_value());

    std::vector<std::string> sent;
    for (std::size_t const size : {1U, 125U, 126U, 16'384U, 65'536U, 1'000'000U, 5U, 3'000'000U, 7U}) {
      sent.push_back(std::string(size, static_cast<char>('a' + sent.size())));
      client.send_message(wire::opcode::text, sent.back());
      server.send_message(wire::opcode::text, sent.back());
    }
    co_await at_server.until(sent.size());
    co_await at_client.until(sent.size());
    CHECK((at_server.messages == sent));
    CHECK((at_client.messages == sent));

    net::task_group closing(l.where());
    closing.spawn(server.close(wire::close_code::normal, "", 5s));
    closing.spawn(client.close(wire::close_code::normal, "", 5s));
    co_await closing.join();
    CHECK(l.sockets.watched() == 0);
  });
}

TEST_CASE("the end of input is seen behind bytes that say nothing, by a stream and by a peer") {
  monotonic_clock const time;
  testing::tls_identities const identities;
  auto const files = identities.make("a.test", "DNS:a.test");
  testing::run_loop(time, [&](net::loop& l) -> net::awaitable<void> {
    secure_pair shaken(l);
    co_await shaken.shake_hands(l, files);
    REQUIRE(shaken.server_done);
    break_off_inside_a_record(shaken.client.release().take_descriptor());
    net::deadline const limit(l, shaken.server, 5s);
    std::string heard;
    auto const read = co_await shaken.server.append_some(heard);
    CHECK_FALSE(read.has_value());
    CHECK_FALSE(limit.passed());

    secure_pair upgraded(l);
    co_await upgraded.shake_hands(l, files);
    REQUIRE(upgraded.server_done);
    collector owner(l);
    net::peer server(l, wire::role::server, 0, {.high = 1024 * 1024, .low = 256 * 1024}, owner);
    owner.peer = &server;
    auto const attached = server.attach(upgraded.server, {});
    REQUIRE(attached.has_value());
    l.sockets.turn();  // it has read all that there was
    break_off_inside_a_record(upgraded.client.release().take_descriptor());
    l.sockets.turn();
    l.sockets.turn();
    CHECK(owner.lost);
    co_await server.close(wire::close_code::none, "", 0ms);
  });
}

TEST_CASE("a handshake with somebody who does not speak TLS fails with a reason") {
  monotonic_clock const time;
  testing::tls_identities const identities;
  auto const files = identities.make("a.test", "DNS:a.test");
  testing::run_loop(time, [&](net::loop& l) -> net::awaitable<void> {
    auto [a, b] = testing::socket_pair();
    net::stream server(l, std::move(a));
    net::stream stranger(l, std::move(b));
    auto const written = co_await stranger.write("GET / HTTP/1.1\r\n\r\n");
    REQUIRE(written.has_value());
    auto const context = *net::tls_context::server({.cert_file = files.cert, .key_file = files.key});
    auto engine = std::make_unique<net::tls_engine>(context, true);
    auto const secured = co_await server.secure(std::move(engine));
    REQUIRE(secured.has_error());
    CHECK(secured.error().code == errc::bad_handshake);
    CHECK_FALSE(secured.error().context.empty());
  });
}
