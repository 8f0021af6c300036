#include "gateway/gateway_world_test.hpp"

using namespace gw;
using namespace gw::testing;
using namespace std::chrono_literals;

namespace {

cast with_a_route() {
  return {.services = {"chat"},
          .settings =
              [](config::config& c) {
                c.routes = {{.id = "direct", .uri = "lb://chat", .predicates = {"Path=/direct/**"}}};
                c.services[0].channel.connect_retries = 0;
              },
          .manual_time = true};
}

std::string handshake(std::string const& fields = {}, std::string const& path = "/direct/room?x=1") {
  return "GET " + path +
         " HTTP/1.1\r\nHost: gateway.example\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
         "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n" +
         fields + "\r\n";
}

std::string masked(wire::opcode op, std::string_view payload, bool fin = true) {
  wire::mask_key const key{1, 2, 3, 4};
  return wire::make_frame(op, payload, &key, fin);
}
std::string plain(wire::opcode op, std::string_view payload) {
  return wire::make_frame(op, payload, nullptr);
}
std::string close_payload(unsigned code) {
  if (code == 0) return {};
  return {static_cast<char>(code >> 8U), static_cast<char>(code & 0xffU)};
}

struct pair {
  raw_client* client = nullptr;
  party* chat = nullptr;
};

net::awaitable<pair> opened(gateway_world& world) {
  pair p;
  p.client = &world.connection();
  p.client->sends(handshake());
  auto const head = co_await p.client->hears_head();
  CAPTURE(head, p.client->received());
  CHECK(head.starts_with("HTTP/1.1 101 "));
  p.chat = co_await world.upstream("chat");
  co_return p;
}

net::awaitable<void> hears(raw_client& client, std::string frame) {
  auto const bytes = co_await client.hears_bytes(frame.size());
  CHECK(bytes == frame);
}

/// What `party` got as a Close, as its payload; "nothing" if it got none.
std::string close_heard(party const& by) {
  for (auto const& f : by.frames()) {
    if (f.header.op == wire::opcode::close) return f.payload;
  }
  return "nothing";
}

net::awaitable<void> talk(gateway_world& world) {
  auto const p = co_await opened(world);
  CHECK(p.chat->handshake.starts_with("GET /direct/room?x=1 HTTP/1.1\r\n"));
  p.client->sends(masked(wire::opcode::text, "not json"));
  co_await p.chat->hears("not json");
  p.client->sends(masked(wire::opcode::binary, "bytes"));
  co_await p.chat->hears_binary("bytes");
  p.chat->says("hello");
  co_await hears(*p.client, plain(wire::opcode::text, "hello"));

  // A fragmented message with a ping inside keeps its parts in order.
  p.client->sends(masked(wire::opcode::text, "two ", false) + masked(wire::opcode::ping, "there?") +
                  masked(wire::opcode::continuation, "parts"));
  co_await p.chat->hears("two parts");
  co_await hears(*p.client, plain(wire::opcode::pong, "there?"));
  p.chat->pings("and you?");
  co_await hears(*p.client, plain(wire::opcode::ping, "and you?"));
}

net::awaitable<void> closes_from_the_upstream(gateway_world& world) {
  for (unsigned const code :
       {1000U, 1001U, 1002U, 1003U, 1007U, 1008U, 1009U, 1011U, 1012U, 1013U, 1014U, 3000U, 4999U, 0U}) {
    CAPTURE(code);
    auto const p = co_await opened(world);
    p.chat->sends_bytes(plain(wire::opcode::close, close_payload(code)));
    co_await hears(*p.client, plain(wire::opcode::close, close_payload(code)));
    co_await p.client->hears_all();
  }
}

net::awaitable<void> closes_from_the_client(gateway_world& world) {
  for (unsigned const code : {1000U, 1001U, 1002U, 1003U, 1007U, 1008U, 1009U, 1010U, 1011U, 3000U, 4999U, 0U}) {
    CAPTURE(code);
    auto const p = co_await opened(world);
    p.client->sends(masked(wire::opcode::close, close_payload(code)));
    std::function<bool()> const told = [&] { return close_heard(*p.chat) != "nothing"; };
    co_await world.until("the Close upstream", told);
    CHECK(close_heard(*p.chat) == close_payload(code));
    p.client->finishes();
    co_await p.client->hears_all();
  }
}

net::awaitable<void> an_illegal_close(gateway_world& world) {
  auto const p = co_await opened(world);
  p.chat->sends_bytes(plain(wire::opcode::close, close_payload(1005)));
  auto const frame = co_await p.client->hears_bytes(4);
  CHECK(frame.substr(2) == close_payload(1002));
  co_await p.chat->hears_close(wire::close_code::protocol_error);
}

net::awaitable<void> gone(gateway_world& world) {
  {
    auto const p = co_await opened(world);
    p.chat->vanishes();
    auto const frame = co_await p.client->hears_bytes(4);
    CHECK(frame.substr(2) == close_payload(1014));
    p.client->vanishes();
  }
  auto const p = co_await opened(world);
  p.client->vanishes();
  co_await p.chat->hears_close(wire::close_code::going_away);
}

net::awaitable<void> drained(gateway_world& world) {
  auto const p = co_await opened(world);
  world.worker().stop({"drain;r=0-1"});
  auto const frame = co_await p.client->hears_bytes(2 + 2 + 11);
  CHECK(frame.substr(2) == close_payload(1012) + "drain;r=0-1");
  p.client->sends(masked(wire::opcode::text, "last words") + masked(wire::opcode::close, close_payload(1012)));
  co_await p.chat->hears("last words");
  co_await p.chat->hears_close(wire::close_code::service_restart);
}

net::awaitable<void> silent_upstream(gateway_world& world) {
  auto const p = co_await opened(world);
  p.chat->stops_reading();
  co_await world.live_through(20s);
  // A client of flesh and blood would answer its pings.
  co_await world.live_through(4s);
  p.client->sends(masked(wire::opcode::pong, "alive"));
  co_await world.live_through(8s);
  auto const all = p.client->received();
  CHECK(all.find(close_payload(1014) + "upstream lost") != std::string::npos);
}

net::awaitable<void> check_refusal(gateway_world& world, std::string answer, std::string status_line,
                                   std::string field) {
  world.instance("chat").answers([answer](auto const&) { return answer; });
  auto& client = world.connection();
  client.sends(handshake());
  auto const bytes = co_await client.hears_all();
  CAPTURE(bytes);
  CHECK(bytes.starts_with(status_line + "\r\n"));
  CHECK(bytes.find(field) != std::string::npos);
}

net::awaitable<void> refusals(gateway_world& world) {
  co_await check_refusal(world, "HTTP/1.1 401 No\r\nWWW-Authenticate: Bearer\r\nContent-Length: 0\r\n\r\n",
                         "HTTP/1.1 401 Unauthorized", "\r\nWWW-Authenticate: Bearer\r\n");
  co_await check_refusal(world, "HTTP/1.1 404 No\r\nContent-Length: 0\r\n\r\n", "HTTP/1.1 404 Not Found",
                         "HANDSHAKE_REJECTED");
  co_await check_refusal(world, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", "HTTP/1.1 502 Bad Gateway",
                         "HANDSHAKE_REJECTED");
  co_await check_refusal(world, "nonsense\r\n\r\n", "HTTP/1.1 502 Bad Gateway", "HANDSHAKE_REJECTED");
}

net::awaitable<void> nobody_there(gateway_world& world) {
  world.instance("chat").goes_down();
  for (auto const& [status_line, code] :
       {std::pair("HTTP/1.1 502 Bad Gateway", "CONNECT_FAILED"), {"HTTP/1.1 503 Service Unavailable", "NO_INSTANCE"}}) {
    auto& client = world.connection();
    client.sends(handshake());
    auto const bytes = co_await client.hears_all();
    CHECK(bytes.starts_with(status_line));
    CHECK(bytes.find(code) != std::string::npos);
  }
}

net::awaitable<void> silence(gateway_world& world) {
  world.instance("chat").holds_back();
  auto& client = world.connection();
  client.sends(handshake());
  co_await world.live_through(8s);
  auto const bytes = co_await client.hears_all();
  CHECK(bytes.starts_with("HTTP/1.1 504 Gateway Timeout"));
}

net::awaitable<void> subprotocols(gateway_world& world) {
  world.instance("chat").answers([](wire::websocket_request const& request) {
    return wire::make_upgrade_response(wire::accept_key(request.key), request.protocols.back());
  });
  auto& client = world.connection();
  client.sends(handshake("Sec-WebSocket-Protocol: one, two\r\n"));
  auto const head = co_await client.hears_head();
  CHECK(head.find("\r\nSec-WebSocket-Protocol: two\r\n") != std::string::npos);
}

net::awaitable<void> early_bytes(gateway_world& world) {
  world.instance("chat").holds_back();
  auto& client = world.connection();
  client.sends(handshake() + masked(wire::opcode::text, "early"));
  co_await world.until_quiet();
  CHECK(client.received().empty());
  world.instance("chat").answers_now();
  auto& chat = *co_await world.upstream("chat");
  co_await chat.hears("early");
}

}  // namespace

TEST_CASE("a tunnel carries messages, pings and pongs of both sides as they are") {
  play(with_a_route(), talk);
}

TEST_CASE("every close code that may pass reaches the client") {
  play(with_a_route(), closes_from_the_upstream);
}

TEST_CASE("every close code that may pass reaches the upstream") {
  play(with_a_route(), closes_from_the_client);
}

TEST_CASE("a close code that may not be on the wire ends both sides with 1002") {
  play(with_a_route(), an_illegal_close);
}

TEST_CASE("a tunnel whose upstream vanishes ends with 1014, and one whose client vanishes with 1001") {
  play(with_a_route(), gone);
}

TEST_CASE("a tunnel that is drained forwards the client's last words") {
  play(with_a_route(), drained);
}

TEST_CASE("an upstream of a tunnel that shows no life ends it with 1014") {
  play(with_a_route(), silent_upstream);
}

TEST_CASE("an upstream's refusal reaches the client of a tunnel as HTTP") {
  play(with_a_route(), refusals);
}

TEST_CASE("a tunnel to a service that is not there is refused with 502, then at once with 503") {
  play(with_a_route(), nobody_there);
}

TEST_CASE("a tunnel to an upstream that never answers is refused with 504") {
  play(with_a_route(), silence);
}

TEST_CASE("the upstream of a tunnel chooses the subprotocol") {
  play(with_a_route(), subprotocols);
}

TEST_CASE("what a client sends behind its handshake waits for the upstream") {
  play(with_a_route(), early_bytes);
}
