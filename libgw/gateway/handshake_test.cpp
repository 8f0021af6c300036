#include "gateway/gateway_world_test.hpp"

using namespace gw;
using namespace gw::testing;
using namespace std::chrono_literals;

namespace {

/// A handshake that is accepted, with more fields, or another first line.
std::string upgrade(std::string const& more = {}, std::string const& first = "GET /ws HTTP/1.1") {
  return first +
         "\r\nHost: gateway.example\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
         "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n" +
         more + "\r\n";
}

/// The same without the lines that begin with `field`.
std::string upgrade_without(std::string const& field, std::string const& instead = {}) {
  auto head = upgrade(instead);
  auto const begin = head.find(field);
  return head.erase(begin, head.find("\r\n", begin) + 2 - begin);
}

std::string frame_of_client(wire::opcode op, std::string const& payload) {
  wire::mask_key const key{7, 1, 8, 2};
  return wire::make_frame(op, payload, &key);
}

constexpr char const* switching =
    "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n";

struct split_response {
  std::string status_line;
  std::string head;  // all of it, the status line too
  std::string body;
};

split_response split(std::string const& bytes) {
  auto const end = bytes.find("\r\n\r\n");
  REQUIRE(end != std::string::npos);
  return {bytes.substr(0, bytes.find("\r\n")), bytes.substr(0, end + 4), bytes.substr(end + 4)};
}

/// `bytes` are a whole problem+json answer with this status and code, and the connection ends behind it.
void check_problem(std::string const& bytes, int status, std::string const& code) {
  auto const answer = split(bytes);
  CAPTURE(answer.head, answer.body);
  CHECK(answer.status_line.starts_with("HTTP/1.1 " + std::to_string(status) + " "));
  CHECK(answer.head.find("\r\nContent-Type: application/problem+json\r\n") != std::string::npos);
  CHECK(answer.head.find("\r\nContent-Length: " + std::to_string(answer.body.size()) + "\r\n") != std::string::npos);
  CHECK(answer.head.find("\r\nConnection: close\r\n") != std::string::npos);
  auto const body = nlohmann::json::parse(answer.body);
  CHECK(body["status"] == status);
  CHECK(body["code"] == code);
}

void check_refused(std::string request, int status, std::string code, std::string field = {}) {
  CAPTURE(request);
  play({}, [&](gateway_world& world) -> net::awaitable<void> {
    auto& client = world.connection();
    client.sends(request);
    auto const bytes = co_await client.hears_all();
    check_problem(bytes, status, code);
    CHECK(bytes.find("\r\n" + field) != std::string::npos);
    CHECK(world.worker().stats().sessions_opened.get() == 0);
    CHECK(world.worker().stats().handshakes_refused.get() == 1);
  });
}

}  // namespace

TEST_CASE("a handshake is answered with the right accept key, and the session serves") {
  play({}, [](gateway_world& world) -> net::awaitable<void> {
    auto& client = world.connection();
    client.sends(upgrade());
    auto const head = co_await client.hears_head();
    CHECK(head == std::string(switching) + "\r\n");
    client.sends(frame_of_client(wire::opcode::text, message_to("chat", 1)));
    auto& chat = *co_await world.upstream("chat");
    co_await chat.hears(message_to("chat", 1));
    chat.says("hello");
    auto const expected = wire::make_frame(wire::opcode::text, "hello", nullptr);
    auto const heard = co_await client.hears_bytes(expected.size());
    CHECK(heard == expected);
    client.sends(frame_of_client(wire::opcode::close,
                                 wire::make_close_payload(wire::close_code::normal, "done", wire::role::client)));
    auto const last = co_await client.hears_all();
    CHECK(last.substr(0, 4) == std::string("\x88\x06\x03\xe8"));
    co_await chat.hears_close(wire::close_code::going_away);
  });
}

TEST_CASE("bytes behind the handshake are the first messages, however the whole is cut") {
  auto const whole = upgrade() + frame_of_client(wire::opcode::text, message_to("chat", 1)) +
                     frame_of_client(wire::opcode::text, message_to("chat", 2));
  for (auto const cut : {whole.size(), std::size_t{1}, upgrade().size() - 2, upgrade().size() + 3, whole.size() - 1}) {
    play({}, [&](gateway_world& world) -> net::awaitable<void> {
      auto& client = world.connection();
      client.sends(whole.substr(0, cut));
      co_await world.until_quiet();
      if (cut != whole.size()) client.sends(whole.substr(cut));
      auto& chat = *co_await world.upstream("chat");
      co_await chat.hears(message_to("chat", 1));
      co_await chat.hears(message_to("chat", 2));
      auto const head = co_await client.hears_head();
      CHECK(head == std::string(switching) + "\r\n");
    });
  }
}

TEST_CASE("the first subprotocol that the listener knows is chosen") {
  struct row {
    std::string offered;
    std::string chosen;
  };
  auto const settings = [](config::config& c) { c.listeners[0].subprotocols = {"json.v1", "json.v2"}; };
  for (auto const& r : {row{"Sec-WebSocket-Protocol: xml, json.v2, json.v1\r\n", "Sec-WebSocket-Protocol: json.v2\r\n"},
                        row{"Sec-WebSocket-Protocol: xml\r\n", ""}, row{"", ""}}) {
    play({.settings = settings}, [&](gateway_world& world) -> net::awaitable<void> {
      auto& client = world.connection();
      client.sends(upgrade(r.offered));
      auto const head = co_await client.hears_head();
      CHECK(head == switching + r.chosen + "\r\n");
    });
  }
}

TEST_CASE("a request that is no handshake for us is answered with a problem") {
  check_refused(upgrade({}, "GET /other HTTP/1.1"), 404, "NO_ROUTE");
  check_refused(upgrade({}, "GET / HTTP/1.1"), 404, "NO_ROUTE");
  check_refused("GET /ws HTTP/1.1\r\nHost: gateway.example\r\n\r\n", 426, "BAD_HANDSHAKE",
                "Sec-WebSocket-Version: 13\r\n");
  check_refused(upgrade_without("Sec-WebSocket-Version: 13", "Sec-WebSocket-Version: 8\r\n"), 426, "BAD_HANDSHAKE",
                "Sec-WebSocket-Version: 13\r\n");
  check_refused(upgrade_without("Sec-WebSocket-Key"), 400, "BAD_HANDSHAKE");
  check_refused(upgrade_without("Connection: Upgrade"), 400, "BAD_HANDSHAKE");
  check_refused(upgrade({}, "POST /ws HTTP/1.1"), 405, "BAD_HANDSHAKE", "Allow: GET\r\n");
  check_refused(upgrade({}, "GET /ws HTTP/1.0"), 400, "BAD_HANDSHAKE");
  check_refused(upgrade({}, "GET /ws HTTP/2.0"), 505, "BAD_HANDSHAKE");
  check_refused(upgrade("Origin: http://evil.example\r\n"), 403, "FORBIDDEN");
  check_refused(upgrade("Origin: null\r\n"), 403, "FORBIDDEN");
  // What request smuggling is made of.
  check_refused(upgrade("Content-Length: 5\r\nTransfer-Encoding: chunked\r\n"), 400, "BAD_HANDSHAKE");
  check_refused(upgrade("Content-Length: 5\r\n"), 400, "BAD_HANDSHAKE");
  check_refused(upgrade("X: y\r\n folded: z\r\n"), 400, "BAD_HANDSHAKE");
  check_refused(upgrade("Host : other.example\r\n"), 400, "BAD_HANDSHAKE");
  check_refused(upgrade("Host: other.example\r\n"), 400, "BAD_HANDSHAKE");
  check_refused("nonsense\r\n\r\n", 400, "BAD_HANDSHAKE");
  check_refused("GET /ws/%2e%2e/%2e%2e/etc HTTP/1.1\r\nHost: a\r\n\r\n", 400, "BAD_HANDSHAKE");
}

TEST_CASE("pages of the same host may connect, and those that the listener lists") {
  play({}, [](gateway_world& world) -> net::awaitable<void> {
    auto& client = world.connection();
    client.sends(upgrade("Origin: http://gateway.example\r\n"));
    auto const head = co_await client.hears_head();
    CHECK(head.starts_with(switching));
  });
  auto const settings = [](config::config& c) { c.listeners[0].origins = {"https://app.example"}; };
  for (bool const listed : {true, false}) {
    play({.settings = settings}, [&](gateway_world& world) -> net::awaitable<void> {
      auto& client = world.connection();
      client.sends(upgrade(listed ? "Origin: https://app.example\r\n" : "Origin: http://gateway.example\r\n"));
      auto const head = co_await client.hears_head();
      CHECK(head.starts_with(listed ? switching : "HTTP/1.1 403 "));
    });
  }
}

TEST_CASE("a listener with hosts serves only these") {
  auto const settings = [](config::config& c) { c.listeners[0].hosts = {"Gateway.Example", "[::1]"}; };
  struct row {
    std::string host;
    bool served;
  };
  for (auto const& r :
       {row{"gateway.example", true}, row{"GATEWAY.example:8080", true}, row{"[::1]", true}, row{"[::1]:8080", true},
        row{"other.example", false}, row{"gateway.example.evil", false}, row{"[::2]:8080", false}}) {
    CAPTURE(r.host);
    play({.settings = settings}, [&](gateway_world& world) -> net::awaitable<void> {
      auto& client = world.connection();
      client.sends(upgrade_without("Host: gateway.example", "Host: " + r.host + "\r\n"));
      auto const head = co_await client.hears_head();
      CHECK(head.starts_with(r.served ? switching : "HTTP/1.1 421 "));
    });
  }
}

TEST_CASE("who begins TLS where plain text is spoken is told so at once") {
  play({.manual_time = true}, [](gateway_world& world) -> net::awaitable<void> {
    auto& confused = world.connection();
    confused.sends(std::string("\x16\x03\x01\x02\x00\x01", 6));
    auto const bytes = co_await confused.hears_all();
    check_problem(bytes, 400, "BAD_HANDSHAKE");
  });
}

TEST_CASE("a head that does not come in time is answered with 408") {
  play({.manual_time = true}, [](gateway_world& world) -> net::awaitable<void> {
    auto& silent = world.connection();
    auto& slow = world.connection();
    slow.sends("GET /ws HTTP/1.1\r\nHost: gateway.example\r\n");
    co_await world.until_quiet();
    world.pass(9s);
    slow.sends("Connection: Upgrade\r\n");
    co_await world.until_quiet();
    CHECK_FALSE(silent.ended());
    CHECK_FALSE(slow.ended());
    world.pass(1100ms);
    for (auto* const client : {&silent, &slow}) {
      auto const bytes = co_await client->hears_all();
      check_problem(bytes, 408, "TIMEOUT");
    }
  });
}

TEST_CASE("a head that is too large is answered before its end") {
  check_refused(upgrade("X-Big: " + std::string(20'000, 'x') + "\r\n"), 431, "BAD_HANDSHAKE");
  check_refused("GET /ws?" + std::string(20'000, 'x'), 414, "BAD_HANDSHAKE");
  std::string many;
  for (int i = 0; i < 101; ++i) many += "X-" + std::to_string(i) + ": y\r\n";
  check_refused(upgrade(many), 431, "BAD_HANDSHAKE");
}

TEST_CASE("a client that leaves before its head is complete leaves nothing behind") {
  play({}, [](gateway_world& world) -> net::awaitable<void> {
    auto& client = world.connection();
    client.sends("GET /ws HTTP/1.1\r\n");
    co_await world.until_quiet();
    client.finishes();
    auto const bytes = co_await client.hears_all();
    CHECK(bytes.empty());
    std::function<bool()> const gone = [&] { return world.worker().connections() == 0; };
    co_await world.until("the end of the connection", gone);
  });
}

TEST_CASE("no session is accepted when there are enough, or when the worker stops") {
  for (bool const stopping : {false, true}) {
    play({}, [&](gateway_world& world) -> net::awaitable<void> {
      if (stopping) {
        world.worker().stop({});
        std::function<bool()> const begun = [&] { return world.worker().stopping(); };
        co_await world.until("the stop", begun);
      }
      world.full = !stopping;
      auto& client = world.connection();
      client.sends(upgrade());
      auto const bytes = co_await client.hears_all();
      // A worker that stops cuts connections short that have not said anything yet.
      if (stopping && bytes.empty()) co_return;
      check_problem(bytes, 503, "OVERLOADED");
      CHECK(bytes.find("\r\nRetry-After: 1\r\n") != std::string::npos);
    });
  }
}

TEST_CASE("probes are answered on their own entrance") {
  struct row {
    std::string request;
    std::string status_line;
    std::string body;
    std::string field = {};
  };
  std::string const text = "Content-Type: text/plain; charset=utf-8\r\n";
  std::string const metrics = "Content-Type: text/plain; version=0.0.4; charset=utf-8\r\n";
  for (auto const& r : {
           row{"GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n", "HTTP/1.1 200 OK", "ok\n", text},
           row{"GET /healthz?verbose HTTP/1.1\r\nHost: a\r\n\r\n", "HTTP/1.1 200 OK", "ok\n", text},
           row{"HEAD /healthz HTTP/1.1\r\nHost: a\r\n\r\n", "HTTP/1.1 200 OK", "", "Content-Length: 3\r\n"},
           row{"GET /readyz HTTP/1.1\r\nHost: a\r\n\r\n", "HTTP/1.1 200 OK", "ready\n", text},
           row{"GET /metrics HTTP/1.1\r\nHost: a\r\n\r\n", "HTTP/1.1 200 OK", "wsgw_sessions 0\n", metrics},
           row{"HEAD /metrics HTTP/1.1\r\nHost: a\r\n\r\n", "HTTP/1.1 200 OK", "", "Content-Length: 16\r\n"},
           row{"OPTIONS /metrics HTTP/1.1\r\nHost: a\r\n\r\n", "HTTP/1.1 204 No Content", "",
               "Allow: GET, HEAD, OPTIONS\r\n"},
           row{"GET /healthz HTTP/1.0\r\n\r\n", "HTTP/1.1 200 OK", "ok\n", "Connection: close\r\n"},
       }) {
    CAPTURE(r.request);
    play({}, [&](gateway_world& world) -> net::awaitable<void> {
      auto& probe = world.connection(gateway::entrance::probes);
      probe.sends(r.request);
      auto const bytes = co_await probe.hears_all();
      auto const answer = split(bytes);
      CHECK(answer.status_line == r.status_line);
      CHECK(answer.body == r.body);
      CAPTURE(answer.head);
      CHECK(answer.head.find("\r\n" + r.field) != std::string::npos);
      CHECK(world.worker().stats().handshakes_refused.get() == 0);
    });
  }
}

TEST_CASE("the entrance for probes serves nothing else, and says why it is not ready") {
  struct row {
    std::string request;
    int status;
    std::string code;
  };
  for (auto const& r : {row{"GET /ws HTTP/1.1\r\nHost: a\r\n\r\n", 404, "NO_ROUTE"}, row{upgrade(), 404, "NO_ROUTE"},
                        row{"POST /metrics HTTP/1.1\r\nHost: a\r\n\r\n", 405, "BAD_HANDSHAKE"},
                        row{"GET /healthz HTTP/1.1\r\n\r\n", 400, "BAD_HANDSHAKE"}}) {
    CAPTURE(r.request);
    play({}, [&](gateway_world& world) -> net::awaitable<void> {
      auto& probe = world.connection(gateway::entrance::probes);
      probe.sends(r.request);
      auto const bytes = co_await probe.hears_all();
      check_problem(bytes, r.status, r.code);
      bool const says_what_is_allowed = bytes.find("\r\nAllow: GET, HEAD, OPTIONS\r\n") != bytes.npos;
      CHECK(says_what_is_allowed == (r.status == 405));
    });
  }
  play({}, [](gateway_world& world) -> net::awaitable<void> {
    world.not_ready = R"({"ready":false})";
    auto& probe = world.connection(gateway::entrance::probes);
    probe.sends("GET /readyz HTTP/1.1\r\nHost: a\r\n\r\n");
    auto const bytes = co_await probe.hears_all();
    auto const answer = split(bytes);
    CHECK(answer.status_line == "HTTP/1.1 503 Service Unavailable");
    CHECK(answer.body == R"({"ready":false})");
  });
}

TEST_CASE("E5: interim answers of a service may precede its 101, up to four") {
  auto const behind = [](std::string const& interim, int count) {
    return [=](wire::websocket_request const& request) {
      std::string bytes;
      for (int i = 0; i < count; ++i) bytes += interim;
      return bytes + wire::make_upgrade_response(wire::accept_key(request.key), {});
    };
  };
  for (auto const* interim : {"HTTP/1.1 100 Continue\r\n\r\n", "HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n"}) {
    for (int const count : {1, 4, 5}) {
      CAPTURE(interim, count);
      play({}, [&](gateway_world& world) -> net::awaitable<void> {
        world.instance("chat").answers(behind(interim, count));
        auto& client = world.client();
        client.says(message_to("chat", 1));
        if (count < 5) {
          auto& chat = *co_await world.upstream("chat");
          co_await chat.hears(message_to("chat", 1));
        } else {
          auto const told = co_await client.hears_json();
          CHECK(told["error"]["code"] == "HANDSHAKE_REJECTED");
        }
      });
    }
  }
}
