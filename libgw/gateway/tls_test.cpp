#include "gateway/gateway_world_test.hpp"
#include "testing/tls_pair.hpp"

using namespace gw;
using namespace gw::testing;
using namespace std::chrono_literals;

namespace {

/// A gateway that clients reach by TLS.
struct secure_gateway {
  tls_cast files;
  std::string client_ca = {};  // set: mutual TLS

  testing::cast who() const {
    auto const settings = [this](config::config& c) {
      c.listeners[0].tls = {.cert = files.gateway.cert, .key = files.gateway.key, .client_ca = client_ca};
    };
    return {.settings = settings};
  }
};

void check_problem(std::string const& bytes, int status, std::string const& detail) {
  CAPTURE(bytes);
  CHECK(bytes.starts_with("HTTP/1.1 " + std::to_string(status) + " "));
  CHECK(bytes.find(detail) != std::string::npos);
}

/// The first flight of a client.
std::string client_hello(tls_cast const& files) {
  net::tls_engine client(files.client(), false, "gateway.test");
  std::span<char const> nothing;
  client.handshake(nothing);
  return output_of(client);
}

}  // namespace

TEST_CASE("a client by TLS has a session like any other, and its services are told https") {
  secure_gateway const gateway;
  play(gateway.who(), [&](gateway_world& world) -> net::awaitable<void> {
    auto& client = *co_await world.secure_party(gateway.files.client(), "gateway.test");
    client.says(message_to("chat", 1));
    auto& chat = *co_await world.upstream("chat");
    co_await chat.hears(message_to("chat", 1));
    CHECK(chat.handshake.find("\r\nX-Forwarded-Proto: https\r\n") != std::string::npos);
    chat.says("hello");
    co_await client.hears("hello");
    client.says_close(wire::close_code::normal, "done");
    co_await client.hears_close(wire::close_code::normal, "done");
    co_await client.hears_the_end();
    co_await chat.hears_close(wire::close_code::going_away);
  });
}

TEST_CASE("the host must be the one that the TLS handshake named, where it named one") {
  secure_gateway const gateway;
  struct row {
    std::string sni, host, begin;
  };
  for (auto const& r :
       {row{"gateway.test", "gateway.test", "HTTP/1.1 101 "},
        row{"gateway.test", "GATEWAY.test.:8443", "HTTP/1.1 101 "}, row{"127.0.0.1", "anybody.test", "HTTP/1.1 101 "},
        row{"gateway.test", "other.test", "HTTP/1.1 421 "}, row{"gateway.test", "gateway.test.evil", "HTTP/1.1 421 "},
        row{"gateway.test", "127.0.0.1", "HTTP/1.1 421 "}}) {
    CAPTURE(r.sni, r.host);
    play(gateway.who(), [&](gateway_world& world) -> net::awaitable<void> {
      auto& client = world.secure_connection();
      auto const failure = co_await client.shakes_hands(gateway.files.client(), r.sni);
      CHECK(failure == "");
      co_await client.sends(secure_head(r.host));
      auto const head = co_await client.hears_head();
      CHECK(head.substr(0, r.begin.size()) == r.begin);
    });
  }
}

TEST_CASE("by TLS the secure pages of the same host may connect, not its plain ones") {
  secure_gateway const gateway;
  for (auto const& row :
       {std::pair{"https://gateway.test", "HTTP/1.1 101 "}, std::pair{"http://gateway.test", "HTTP/1.1 403 "}}) {
    std::string const origin = row.first;
    std::string const begin = row.second;
    CAPTURE(origin);
    std::string const head = secure_head("gateway.test", "Origin: " + origin + "\r\n");
    play(gateway.who(), [&](gateway_world& world) -> net::awaitable<void> {
      auto& client = world.secure_connection();
      co_await client.shakes_hands(gateway.files.client(), "gateway.test");
      co_await client.sends(head);
      auto const answer = co_await client.hears_head();
      CHECK(answer.starts_with(begin));
    });
  }
}

TEST_CASE("A35: plain HTTP on a TLS port is told so, and other nonsense is closed without a word") {
  secure_gateway const gateway;
  for (bool const http : {true, false}) {
    play(gateway.who(), [&](gateway_world& world) -> net::awaitable<void> {
      auto& client = world.connection();
      client.sends(http ? client_head : "nonsense that is long enough to be a record\r\n\r\n");
      auto const bytes = co_await client.hears_all();
      if (http) {
        check_problem(bytes, 400, "this port speaks TLS");
      } else {
        CHECK(bytes == "");
      }
      CHECK(world.worker().stats().handshakes_refused.get() == 1);
    });
  }
}

TEST_CASE("a client that speaks only h2 is refused by the alert for that") {
  secure_gateway const gateway;
  play(gateway.who(), [&](gateway_world& world) -> net::awaitable<void> {
    plain_openssl const speaks_h2(TLS1_3_VERSION);
    SSL_set_alpn_protos(speaks_h2.ssl(), reinterpret_cast<unsigned char const*>("\x02h2"), 3);
    SSL_do_handshake(speaks_h2.ssl());
    auto& client = world.connection();
    client.sends(speaks_h2.says());
    auto const bytes = co_await client.hears_all();
    CHECK(bytes == std::string("\x15\x03\x03\x00\x02\x02\x78", 7));
  });
}

TEST_CASE("mutual TLS lets its own clients in and refuses strangers in the handshake") {
  secure_gateway gateway;
  identity const own = gateway.files.files.make("alice", "DNS:alice.test");
  gateway.client_ca = own.cert;
  struct row {
    identity shown;
    std::string failure;
  };
  for (auto const& r : {row{own, ""}, row{gateway.files.stranger, "tlsv1 alert unknown ca"},
                        row{{}, "tlsv13 alert certificate required"}}) {
    CAPTURE(r.shown.cert);
    auto options = gateway.files.client_options();
    options.cert_file = r.shown.cert;
    options.key_file = r.shown.key;
    auto const context = *net::tls_context::client(options);
    play(gateway.who(), [&](gateway_world& world) -> net::awaitable<void> {
      auto& client = world.secure_connection();
      co_await client.shakes_hands(context, "gateway.test");
      co_await client.sends(secure_head("gateway.test"));
      if (r.failure.empty()) {
        auto const head = co_await client.hears_head();
        CHECK(head.starts_with("HTTP/1.1 101 "));
        co_return;
      }
      auto const bytes = co_await client.hears_all();
      CHECK(bytes == "");
      CHECK(client.tls().failure() == r.failure);
      CHECK(world.worker().stats().handshakes_refused.get() == 1);
      CHECK(world.worker().stats().sessions_opened.get() == 0);
    });
  }
}

TEST_CASE("rules may ask whom the certificate of a client names") {
  secure_gateway gateway;
  identity const own = gateway.files.files.make("alice", "DNS:alice.test");
  gateway.client_ca = own.cert;
  auto options = gateway.files.client_options();
  options.cert_file = own.cert;
  options.key_file = own.key;
  auto const context = *net::tls_context::client(options);
  for (std::string const wanted : {"alice", "bob"}) {
    auto who = gateway.who();
    who.settings = [wanted, secure = who.settings](config::config& c) {
      secure(c);
      c.rules = {{.id = "by-user", .when = {.user = config::text_test{.equals = wanted}}, .service = "chat"}};
    };
    play(std::move(who), [&](gateway_world& world) -> net::awaitable<void> {
      auto& client = *co_await world.secure_party(context, "gateway.test");
      client.says("a text that is no JSON");
      if (wanted == "alice") {
        auto& chat = *co_await world.upstream("chat");
        co_await chat.hears("a text that is no JSON");
      } else {
        auto const frame = co_await client.hears_json();
        CHECK(frame["error"]["code"] == "PARSE_ERROR");
      }
    });
  }
}

TEST_CASE("a client resumes its TLS session, and stays who it was") {
  secure_gateway gateway;
  identity const own = gateway.files.files.make("alice", "DNS:alice.test");
  gateway.client_ca = own.cert;
  auto options = gateway.files.client_options();
  options.cert_file = own.cert;
  options.key_file = own.key;
  for (auto const& [version, name] : tls_versions) {
    CAPTURE(name);
    auto const context = tls_pair::at_most(version, *net::tls_context::client(options));
    play(gateway.who(), [&](gateway_world& world) -> net::awaitable<void> {
      auto const ticket = std::make_shared<net::tls_session>();
      for (bool const again : {false, true}) {
        auto& client = world.secure_connection();
        auto const failure = co_await client.shakes_hands(context, "gateway.test", ticket);
        CHECK(failure == "");
        CHECK(client.tls().resumed() == again);
        co_await client.sends(secure_head("gateway.test"));
        auto const head = co_await client.hears_head();
        CHECK(head.starts_with("HTTP/1.1 101 "));
      }
    });
  }
}

TEST_CASE("one deadline covers the TLS handshake and the head behind it") {
  secure_gateway const gateway;
  auto who = gateway.who();
  who.manual_time = true;
  play(std::move(who), [&](gateway_world& world) -> net::awaitable<void> {
    auto& silent = world.connection();
    auto& half = world.connection();
    half.sends(client_hello(gateway.files).substr(0, 100));
    auto& headless = world.secure_connection();
    auto const failure = co_await headless.shakes_hands(gateway.files.client(), "gateway.test");
    CHECK(failure == "");
    co_await headless.sends("GET /ws HTTP/1.1\r\n");
    co_await world.until_quiet();
    world.pass(9s);
    co_await world.until_quiet();
    CHECK_FALSE(silent.ended());
    CHECK_FALSE(half.ended());
    world.pass(1100ms);
    for (auto* const client : {&silent, &half}) {
      auto const bytes = co_await client->hears_all();
      CHECK(bytes == "");
    }
    auto const answer = co_await headless.hears_head();
    check_problem(answer + headless.rest(), 408, "");
  });
}

TEST_CASE("A35: a hundred half handshakes leave nothing behind") {
  secure_gateway const gateway;
  auto const hello = client_hello(gateway.files);
  play(gateway.who(), [&](gateway_world& world) -> net::awaitable<void> {
    std::vector<raw_client*> clients;
    for (std::size_t i = 0; i < 100; ++i) {
      clients.push_back(&world.connection());
      clients.back()->sends(hello.substr(0, 1 + i * hello.size() / 100));
    }
    co_await world.until_quiet();
    CHECK(world.worker().connections() == 100);
    for (auto* const client : clients) client->vanishes();
    std::function<bool()> const nobody_left = [&] { return world.worker().connections() == 0; };
    co_await world.until("the end of all connections", nobody_left);
    CHECK(world.worker().stats().sessions_opened.get() == 0);
  });
}

TEST_CASE("a new certificate is shown to new clients, while an old one goes on") {
  secure_gateway gateway;
  auto const& files = gateway.files.files;
  auto const shown = files.make("shown", "DNS:gateway.test");
  auto const old_context = *net::tls_context::client({.ca_file = shown.cert});
  auto who = gateway.who();
  who.settings = [&](config::config& c) { c.listeners[0].tls = {.cert = shown.cert, .key = shown.key}; };
  play(std::move(who), [&](gateway_world& world) -> net::awaitable<void> {
    auto& old_client = *co_await world.secure_party(old_context, "gateway.test");
    old_client.says(message_to("chat", 1));
    auto& chat = *co_await world.upstream("chat");
    co_await chat.hears(message_to("chat", 1));

    files.make("shown", "DNS:gateway.test");
    auto const new_context = *net::tls_context::client({.ca_file = shown.cert});
    CHECK(world.reread_certificates());
    auto& new_client = *co_await world.secure_party(new_context, "gateway.test");
    auto& distrustful = world.secure_connection();
    auto const failure = co_await distrustful.shakes_hands(old_context, "gateway.test");
    CHECK(failure.starts_with("TLS: certificate verify failed"));

    chat.says("still there");
    co_await old_client.hears("still there");
    new_client.says(message_to("chat", 2));
    auto& second = *co_await world.upstream("chat");
    co_await second.hears(message_to("chat", 2));
  });
}
