#include "gateway/gateway_world_test.hpp"

using namespace gw;
using namespace gw::testing;
using namespace std::chrono_literals;

namespace {

void breaks_soon(config::config& settings) {
  settings.services[0].circuit = {.failure_rate = 50, .window = 10s, .min_dials = 2, .open_for = 5s};
  settings.routes = {{.id = "direct", .uri = "lb://chat", .predicates = {"Path=/chat"}}};
}

std::string busy(wire::websocket_request const&) {
  return "HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n";
}

net::awaitable<void> fails(gateway_world& world, party& client, std::string code, int retry_after_ms) {
  client.says(message_to("chat", 1));
  auto const told = co_await client.hears_json();
  CHECK(told["error"]["code"] == code);
  CHECK(told["error"]["retryable"] == (code == "CIRCUIT_OPEN"));
  if (code == "CIRCUIT_OPEN") {
    CHECK(told["error"]["http"] == 503);
    CHECK(told["error"]["sent"] == false);
    CHECK(told["error"]["retryAfterMs"] == retry_after_ms);
  }
  co_await world.until_quiet();
}

}  // namespace

TEST_CASE("when too many dials have failed nobody dials for a while, then one a second until one succeeds") {
  play({.settings = breaks_soon, .manual_time = true}, [](gateway_world& world) -> net::awaitable<void> {
    auto& service = world.instance("chat");
    auto const& state = world.counts_of("chat").circuit;
    service.answers(busy);
    auto& client = world.client();
    co_await fails(world, client, "HANDSHAKE_REJECTED", 0);
    CHECK(state.get() == 0);
    co_await fails(world, client, "HANDSHAKE_REJECTED", 0);
    CHECK(state.get() == 2);
    co_await fails(world, client, "CIRCUIT_OPEN", 5'000);
    world.pass(4s);
    co_await fails(world, client, "CIRCUIT_OPEN", 1'000);
    CHECK(service.handshakes().size() == 2);
    world.pass(1s);
    co_await fails(world, client, "HANDSHAKE_REJECTED", 0);
    CHECK(service.handshakes().size() == 3);
    CHECK(state.get() == 1);
    co_await fails(world, client, "CIRCUIT_OPEN", 1'000);

    world.pass(1s);
    service.answers(service_double::accept);
    client.says(message_to("chat", 7));
    auto* const chat = co_await world.upstream("chat");
    co_await chat->hears(message_to("chat", 7));
    CHECK(state.get() == 0);
  });
}

TEST_CASE("an open circuit is told to the client of a tunnel as 503 with the time to wait") {
  play({.settings = breaks_soon, .manual_time = true}, [](gateway_world& world) -> net::awaitable<void> {
    world.instance("chat").answers(busy);
    auto& client = world.client();
    co_await fails(world, client, "HANDSHAKE_REJECTED", 0);
    co_await fails(world, client, "HANDSHAKE_REJECTED", 0);
    world.pass(500ms);
    auto& late = world.connection();
    late.sends(
        "GET /chat HTTP/1.1\r\nHost: h\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n");
    auto const answer = co_await late.hears_all();
    CHECK(answer.starts_with("HTTP/1.1 503 "));
    CHECK(answer.find("\r\nRetry-After: 5\r\n") != std::string::npos);
    CHECK(answer.find("CIRCUIT_OPEN") != std::string::npos);
    CHECK(world.instance("chat").handshakes().size() == 2);
  });
}

TEST_CASE("a service that says no to clients does not open its circuit, nor does a client that leaves") {
  play({.settings = breaks_soon, .manual_time = true}, [](gateway_world& world) -> net::awaitable<void> {
    world.instance("chat").answers([](wire::websocket_request const&) {
      return std::string("HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\n\r\n");
    });
    auto& client = world.client();
    for (int i = 0; i < 5; ++i) co_await fails(world, client, "HANDSHAKE_REJECTED", 0);
    world.instance("chat").holds_back();
    client.says(message_to("chat", 1));
    std::function<bool()> const dialled = [&world] { return world.instance("chat").handshakes().size() == 6; };
    co_await world.until("the dial", dialled);
    client.vanishes();
    co_await world.until_quiet();
    CHECK(world.counts_of("chat").circuit.get() == 0);
  });
}
