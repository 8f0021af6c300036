#include "gateway/gateway_world_test.hpp"

using namespace gw;
using namespace gw::testing;
using namespace std::chrono_literals;

namespace {

/// The error frame of a message to `chat` that was made by message_to() and could not be delivered.
std::string undelivered(std::string const& code, int http, std::string const& message, int seq,
                        std::string const& more = R"("retryable":true,"retryAfterMs":1000)") {
  std::string const stage = code == "NO_INSTANCE" ? "discover" : "connect";
  return R"({"method":"/api/v1/chat/send","status":1,"message":")" + message + R"(","data":{},"error":{"code":")" +
         code + R"(","http":)" + std::to_string(http) + R"(,"stage":")" + stage +
         R"(","service":"chat","sent":false,"seq":)" + std::to_string(seq) + "," + more + "}}";
}

/// Clients are told the service, never the address of an instance.
std::string of_chat(std::string const& what) {
  return "'chat' " + what;
}

service_double::answer always(std::string const& bytes) {
  return [bytes](wire::websocket_request const&) { return bytes; };
}

}  // namespace

TEST_CASE("a hundred messages in the dial window arrive once and in order over one connection") {
  play({}, [](gateway_world& world) -> net::awaitable<void> {
    auto& service = world.instance("chat");
    service.holds_back();
    auto& client = world.client();
    std::function<bool()> const dialled = [&] { return service.handshakes().size() == 1; };
    for (int i = 0; i < 50; ++i) client.says(message_to("chat", i));
    co_await world.until("the dial", dialled);
    for (int i = 50; i < 100; ++i) client.says(message_to("chat", i));
    co_await world.until_quiet();
    service.answers_now();
    auto& chat = *co_await world.upstream("chat");
    for (int i = 0; i < 100; ++i) co_await chat.hears(message_to("chat", i));
    client.says(message_to("chat", 100));
    co_await chat.hears(message_to("chat", 100));
    CHECK(chat.has_heard_all());
    CHECK(service.handshakes().size() == 1);
    CHECK(world.counts_of("chat").connects.get() == 1);
  });
}

TEST_CASE("bytes that a service sends behind its 101 are its first messages") {
  play({}, [](gateway_world& world) -> net::awaitable<void> {
    auto const eager = [](wire::websocket_request const& request) {
      return service_double::accept(request) + wire::make_frame(wire::opcode::text, "welcome", nullptr);
    };
    world.instance("chat").answers(eager);
    auto& client = world.client();
    client.says(message_to("chat", 1));
    co_await client.hears("welcome");
    auto& chat = *co_await world.upstream("chat");
    co_await chat.hears(message_to("chat", 1));
  });
}

TEST_CASE("when one instance refuses, another one is taken at once") {
  std::uint64_t failures = 0;
  for (std::size_t const down : {0U, 1U}) {
    play({.instances = 2}, [&](gateway_world& world) -> net::awaitable<void> {
      world.instance("chat", down).goes_down();
      auto& client = world.client();
      client.says(message_to("chat", 1));
      client.says(message_to("chat", 2));
      auto& chat = *co_await world.upstream("chat");
      co_await chat.hears(message_to("chat", 1));
      co_await chat.hears(message_to("chat", 2));
      CHECK(chat.instance == 1 - down);
      chat.says("here");
      co_await client.hears("here");
      CHECK(client.has_heard_all());
      failures += world.counts_of("chat").connect_failures.get();
    });
  }
  CHECK(failures == 1);  // the first choice was once the one that was down
}

TEST_CASE("when all instances refuse, every waiting message is told, and later ones at once") {
  play({.instances = 2}, [](gateway_world& world) -> net::awaitable<void> {
    world.instance("chat", 0).goes_down();
    world.instance("chat", 1).goes_down();
    auto& client = world.client();
    for (int i = 1; i <= 3; ++i) client.says(message_to("chat", i));
    auto const last_tried = of_chat("cannot be reached");
    for (int i = 1; i <= 3; ++i) co_await world.told(client, undelivered("CONNECT_FAILED", 502, last_tried, i));
    CHECK(world.counts_of("chat").connect_failures.get() == 2);
    client.says(message_to("chat", 4));
    co_await world.told(client, undelivered("NO_INSTANCE", 503, "no healthy instance of 'chat'", 4));
    CHECK(world.counts_of("chat").connect_failures.get() == 2);
    CHECK(client.has_heard_all());
  });
}

TEST_CASE("a waiting message that failed is told with its own correlation keys") {
  play({}, [](gateway_world& world) -> net::awaitable<void> {
    world.instance("chat").goes_down();
    auto& client = world.client();
    auto const big = std::string(100'000, 'x');
    client.says(R"({"id":1,"method":"/api/v1/chat/one","data":")" + big + R"("})");
    client.says(R"({"method":"/api/v1/chat/two","requestId":"two"})");
    auto const one = co_await client.hears_json();
    CHECK(one["method"] == "/api/v1/chat/one");
    CHECK(one["data"] == nlohmann::json{{"id", 1}});
    auto const two = co_await client.hears_json();
    CHECK(two["method"] == "/api/v1/chat/two");
    CHECK(two["data"] == nlohmann::json{{"requestId", "two"}});
  });
}

TEST_CASE("a handshake that a service refuses is told with its status, for every waiting message") {
  play({.instances = 2}, [](gateway_world& world) -> net::awaitable<void> {
    for (std::size_t const i : {0U, 1U}) {
      world.instance("chat", i).answers(always("HTTP/1.1 403 Forbidden\r\nContent-Length: 2\r\n\r\nno"));
    }
    auto& client = world.client();
    client.says(message_to("chat", 1));
    client.says(message_to("chat", 2));
    auto const why = of_chat("refused the handshake");
    for (int i = 1; i <= 2; ++i) {
      co_await world.told(client,
                          undelivered("HANDSHAKE_REJECTED", 502, why, i, R"("retryable":false,"upstreamStatus":403)"));
    }
    // It was understood and said no: another instance would say the same.
    CHECK(world.instance("chat", 0).handshakes().size() + world.instance("chat", 1).handshakes().size() == 1);
    // The instance is healthy: the next message asks again.
    world.instance("chat", 0).answers(service_double::accept);
    world.instance("chat", 1).answers(service_double::accept);
    client.says(message_to("chat", 3));
    auto& chat = *co_await world.upstream("chat");
    co_await chat.hears(message_to("chat", 3));
  });
}

TEST_CASE("an answer that is no WebSocket handshake fails the dial") {
  struct row {
    service_double::answer answer;
    std::string why;
  };
  auto const with = [](std::string const& field) {
    return [field](wire::websocket_request const& request) {
      auto bytes = wire::make_upgrade_response(wire::accept_key(request.key), {});
      return bytes.insert(bytes.size() - 2, field + "\r\n");
    };
  };
  for (auto const& r : {
           row{always(wire::make_upgrade_response("c29tZXRoaW5nIGVsc2Ugd3Jvbmc=", {})),
               "answered with a bad handshake: the upstream's Sec-WebSocket-Accept does not answer our key"},
           row{with("Sec-WebSocket-Protocol: chosen"),
               "answered with a bad handshake: the upstream chose a subprotocol nobody offered"},
           row{with("Sec-WebSocket-Extensions: permessage-deflate"),
               "answered with a bad handshake: the upstream chose an extension nobody offered"},
           row{always("HTTP/1.1 101 Nearly\r\n\r\n"),
               "answered with a bad handshake: the upstream does not upgrade to a WebSocket"},
           row{with("Bad Name: x"), "answered with a malformed HTTP head"},
           row{always("220 mail.example ESMTP\r\n\r\n"), "answered with a malformed HTTP head"},
           row{always("HTTP/1.1 1"), "did not answer the handshake"},
       }) {
    CAPTURE(r.why);
    play({}, [&](gateway_world& world) -> net::awaitable<void> {
      world.instance("chat").answers(r.answer);
      auto& client = world.client();
      client.says(message_to("chat", 1));
      auto const why = of_chat(r.why);
      co_await world.told(client, undelivered("HANDSHAKE_REJECTED", 502, why, 1, R"("retryable":false)"));
    });
  }
}

TEST_CASE("an instance that answers 503 is passed over for another one") {
  for (std::size_t const busy : {0U, 1U}) {
    play({.instances = 2}, [&](gateway_world& world) -> net::awaitable<void> {
      world.instance("chat", busy).answers(always("HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n"));
      auto& client = world.client();
      client.says(message_to("chat", 1));
      auto& chat = *co_await world.upstream("chat");
      co_await chat.hears(message_to("chat", 1));
      CHECK(chat.instance == 1 - busy);
    });
  }
}

TEST_CASE("an instance that accepts and says nothing is given up in time") {
  auto const settings = [](config::config& c) {
    c.services[0].channel.handshake_timeout = 2s;
    c.services[0].channel.connect_retries = 0;
  };
  play({.settings = settings, .manual_time = true}, [](gateway_world& world) -> net::awaitable<void> {
    auto& service = world.instance("chat");
    service.holds_back();
    auto& client = world.client();
    client.says(message_to("chat", 1));
    client.says(message_to("chat", 2));
    std::function<bool()> const dialled = [&] { return service.handshakes().size() == 1; };
    co_await world.until("the dial", dialled);
    world.pass(1900ms);
    co_await world.until_quiet();
    CHECK(client.has_heard_all());
    world.pass(200ms);
    auto const why = of_chat("did not answer the handshake in time");
    co_await world.told(client, undelivered("CONNECT_TIMEOUT", 504, why, 1));
    co_await world.told(client, undelivered("CONNECT_TIMEOUT", 504, why, 2));
  });
}

TEST_CASE("all tries together take no longer than the open timeout") {
  auto const settings = [](config::config& c) {
    c.services[0].channel.handshake_timeout = 5s;
    c.services[0].channel.open_timeout = 8s;
  };
  play({.instances = 3, .settings = settings, .manual_time = true}, [](gateway_world& world) -> net::awaitable<void> {
    for (std::size_t const i : {0U, 1U, 2U}) world.instance("chat", i).holds_back();
    auto const dials = [&world] {
      std::size_t all = 0;
      for (std::size_t const i : {0U, 1U, 2U}) all += world.instance("chat", i).handshakes().size();
      return all;
    };
    auto& client = world.client();
    client.says(message_to("chat", 1));
    std::function<bool()> const first = [&] { return dials() == 1; };
    co_await world.until("the first dial", first);
    world.pass(5100ms);
    std::function<bool()> const second = [&] { return dials() == 2; };
    co_await world.until("the second dial", second);
    CHECK(client.has_heard_all());
    world.pass(3s);
    auto const told = co_await client.hears_json();
    CHECK(told["error"]["code"] == "CONNECT_TIMEOUT");
    CHECK(dials() == 2);
  });
}

TEST_CASE("a service sees the client's handshake as it was, except for what only the gateway may say") {
  auto const settings = [](config::config& c) { c.services[0].subprotocol = "chat.v2"; };
  play({.settings = settings}, [](gateway_world& world) -> net::awaitable<void> {
    auto& client = world.client();
    client.says(message_to("chat", 1));
    auto& chat = *co_await world.upstream("chat");
    auto const head = wire::judge_request(chat.handshake);
    REQUIRE(head.has_value());
    CHECK(head->target == "/ws/room%20one?who=me&x=1");
    struct field {
      char const* name;
      std::string value;  // empty: the field is not there
    };
    for (auto const& [name, value] : {
             field{"Host", world.instance("chat").address()},
             field{"Upgrade", "websocket"},
             field{"Connection", "Upgrade"},
             field{"Sec-WebSocket-Version", "13"},
             field{"Sec-WebSocket-Protocol", "chat.v2"},
             field{"Sec-WebSocket-Extensions", ""},
             field{"Origin", "http://gateway.example:8080"},
             field{"User-Agent", "transcript/1"},
             field{"Cookie", "session=abc; theme=dark"},
             field{"X-Wsgw-User", ""},
             field{"X-Forwarded-For", "192.0.2.7"},
             field{"X-Forwarded-Proto", "http"},
             field{"X-Forwarded-Host", "gateway.example:8080"},
             field{"X-Request-Id", "request-7"},
             field{"traceparent", "00-" + std::string(trace_id) + "-b7ad6b7169203331-01"},
         }) {
      CAPTURE(name);
      CHECK(head->get(name) == value);
      CHECK(head->count(name) == (value.empty() ? 0 : 1));
    }
    CHECK(head->count("Sec-WebSocket-Key") == 1);
    CHECK(head->get("Sec-WebSocket-Key") != "dGhlIHNhbXBsZSBub25jZQ==");
  });
}

TEST_CASE("a service may have a path and a host of its own, and choose what is forwarded") {
  auto const settings = [](config::config& c) {
    c.services[0].path = "/internal/socket?v=1";
    c.services[0].host = "chat.internal";
    c.services[0].channel.forward_headers = {"*", "!cookie"};
  };
  play({.settings = settings}, [](gateway_world& world) -> net::awaitable<void> {
    auto& client = world.client();
    client.says(message_to("chat", 1));
    auto& chat = *co_await world.upstream("chat");
    auto const head = wire::judge_request(chat.handshake);
    REQUIRE(head.has_value());
    CHECK(head->target == "/internal/socket?v=1");
    CHECK(head->get("Host") == "chat.internal");
    CHECK(head->count("Cookie") == 0);
    CHECK(head->count("Sec-WebSocket-Protocol") == 0);
    CHECK(head->get("User-Agent") == "transcript/1");
  });
}

TEST_CASE("a client that goes takes its eight channels with it") {
  cast const eight{.services = {"a", "b", "c", "d", "e", "f", "g", "h"}};
  for (bool const politely : {true, false}) {
    play(eight, [&](gateway_world& world) -> net::awaitable<void> {
      auto& client = world.client();
      for (auto const& name : eight.services) client.says(message_to(name, 1));
      std::vector<party*> services;
      for (auto const& name : eight.services) {
        services.push_back(co_await world.upstream(name));
        co_await services.back()->hears(message_to(name, 1));
      }
      for (auto const& name : eight.services) client.says(message_to(name, 2));
      if (politely) {
        client.says_close(wire::close_code::normal, "done");
        co_await client.hears_close(wire::close_code::normal);
        co_await client.hears_the_end();
      } else {
        // What it has said is on its way before it goes.
        std::function<bool()> const said = [&] { return client.unsaid() == 0; };
        co_await world.until("the last words", said);
        client.vanishes();
      }
      for (auto* const service : services) {
        co_await service->hears(message_to(service->name(), 2));
        co_await service->hears_close(wire::close_code::going_away);
        co_await service->hears_the_end();
      }
      std::function<bool()> const over = [&] { return world.sessions() == 0; };
      co_await world.until("the end of the session", over);
      CHECK(world.worker().loop().sockets.watched() == 0);
      for (auto const& name : eight.services) CHECK(world.counts_of(name).channels.get() == 0);
    });
  }
}

TEST_CASE("a service that does not answer its Close is gone half a second later") {
  play({.manual_time = true}, [](gateway_world& world) -> net::awaitable<void> {
    auto& client = world.client();
    client.says(message_to("chat", 1));
    auto& chat = *co_await world.upstream("chat");
    co_await chat.hears(message_to("chat", 1));
    chat.stops_reading();
    client.vanishes();
    co_await world.until_quiet();
    CHECK(world.sessions() == 1);
    world.pass(600ms);
    std::function<bool()> const over = [&] { return world.sessions() == 0; };
    co_await world.until("the end of the session", over);
  });
}

TEST_CASE("what a client said before it went is delivered if the dial succeeds soon") {
  play({.manual_time = true}, [](gateway_world& world) -> net::awaitable<void> {
    auto& service = world.instance("chat");
    service.holds_back();
    auto& client = world.client();
    for (int i = 1; i <= 3; ++i) client.says(message_to("chat", i));
    std::function<bool()> const dialled = [&] { return service.handshakes().size() == 1; };
    co_await world.until("the dial", dialled);
    client.says_close(wire::close_code::normal);
    co_await client.hears_close(wire::close_code::normal);
    service.answers_now();
    auto& chat = *co_await world.upstream("chat");
    for (int i = 1; i <= 3; ++i) co_await chat.hears(message_to("chat", i));
    co_await chat.hears_close(wire::close_code::going_away);
    std::function<bool()> const over = [&] { return world.sessions() == 0; };
    co_await world.until("the end of the session", over);
  });
}

TEST_CASE("a dial for a client that is gone is given up after half a second") {
  play({.manual_time = true}, [](gateway_world& world) -> net::awaitable<void> {
    auto& service = world.instance("chat");
    service.holds_back();
    auto& client = world.client();
    client.says(message_to("chat", 1));
    std::function<bool()> const dialled = [&] { return service.handshakes().size() == 1; };
    co_await world.until("the dial", dialled);
    client.says_close(wire::close_code::normal);
    co_await client.hears_close(wire::close_code::normal);
    co_await world.until_quiet();
    CHECK(world.sessions() == 1);
    world.pass(600ms);
    std::function<bool()> const over = [&] { return world.sessions() == 0; };
    co_await world.until("the end of the session", over);
    CHECK(world.counts_of("chat").channels.get() == 0);
    CHECK(client.is_gone());
  });
}
