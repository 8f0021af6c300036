// permessage-deflate toward clients (RFC 7692; RELIABILITY B28, B29): what is agreed on, and that a compressed message
// is routed, refused and held back as if it had come as it is.
#include "gateway/gateway_world_test.hpp"

#include <random>

using namespace gw;
using namespace gw::testing;
using namespace std::string_literals;

namespace {

constexpr std::size_t KiB = 1024;
constexpr std::uint8_t any_window = 15;

/// A client that agreed on permessage-deflate.
party& compressing(gateway_world& world, std::string name = "client", std::uint8_t window = any_window) {
  return world.client(std::move(name), false, window);
}

/// `payload` as a client's frame with RSV1.
std::string compressed_frame(std::string const& payload, wire::opcode op = wire::opcode::text, bool fin = true) {
  wire::mask_key const key{7, 1, 8, 2};
  auto frame = wire::make_frame(op, payload, &key, fin);
  frame[0] = static_cast<char>(static_cast<unsigned char>(frame[0]) | 0x40U);
  return frame;
}

/// The payload that `by` sends for `text`.
std::string compressed_payload(party& by, std::string const& text, wire::opcode op = wire::opcode::text) {
  auto frame = by.deflated(text, op);
  wire::frame_header header;
  REQUIRE(wire::parse_header(frame, header));
  std::string payload = frame.substr(header.size);
  wire::apply_mask(payload, header.key);
  return payload;
}

std::string noise(std::size_t size) {
  std::mt19937 dice(11);
  std::string bytes(size, '\0');
  std::generate(bytes.begin(), bytes.end(), [&] { return static_cast<char>(dice()); });
  return bytes;
}

/// The Sec-WebSocket-Extensions with which a handshake that has `fields` is answered; "none" without.
std::string answered(std::string fields, config::compression setting) {
  std::string answer;
  auto const set = [setting](config::config& c) { c.listeners[0].compression = setting; };
  play({.settings = set}, [&](gateway_world& world) -> net::awaitable<void> {
    auto& client = world.connection();
    client.sends(secure_head("gateway.example", fields));
    auto const head = co_await client.hears_head();
    CHECK(head.starts_with("HTTP/1.1 101 "));
    auto const name = "\r\nSec-WebSocket-Extensions: "s;
    auto const at = head.find(name);
    answer = at == head.npos ? "none" : head.substr(at + name.size(), head.find("\r\n", at + 2) - at - name.size());
  });
  return answer;
}

/// Whoever sends `bytes` hears a Close with `code`, and nothing reaches a service; a neighbour goes on.
void check_refused(std::string bytes, wire::close_code code, bool agreed = true) {
  CAPTURE(bytes.size());
  play({}, [&](gateway_world& world) -> net::awaitable<void> {
    auto& client = agreed ? compressing(world) : world.client();
    auto& neighbour = compressing(world, "neighbour");
    client.sends_bytes(bytes);
    co_await client.hears_close(code);
    neighbour.says_compressed(message_of_size("chat", 2 * KiB));
    auto& chat = *co_await world.upstream("chat");
    co_await chat.hears(message_of_size("chat", 2 * KiB));
    CHECK(chat.has_heard_all());
    CHECK(world.instance("chat").handshakes().size() == 1);
  });
}

}  // namespace

TEST_CASE("an offer of permessage-deflate is answered where the listener compresses, and declined where it does not") {
  std::string const offer = "Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits\r\n";
  std::string const contexts = "permessage-deflate; server_no_context_takeover; client_no_context_takeover";
  using config::compression;
  CHECK(answered(offer, compression::on) == contexts);
  CHECK(answered(offer, compression::off) == "none");
  CHECK(answered("", compression::on) == "none");
  CHECK(answered("Sec-WebSocket-Extensions: permessage-deflate; server_max_window_bits=10\r\n", compression::on) ==
        contexts + "; server_max_window_bits=10");
  CHECK(answered("Sec-WebSocket-Extensions: permessage-deflate; what\r\n" + offer, compression::on) == contexts);
  for (auto const* const bad : {"permessage-deflate; what", "x-webkit-deflate-frame", "permessage-deflate;", ";;,="}) {
    CHECK(answered("Sec-WebSocket-Extensions: "s + bad + "\r\n", compression::on) == "none");
  }
}

TEST_CASE("what was agreed on in the handshake holds for the session, and nothing is offered to services") {
  auto const on = [](config::config& c) { c.listeners[0].compression = config::compression::on; };
  play({.settings = on}, [](gateway_world& world) -> net::awaitable<void> {
    auto& client = world.connection();
    client.sends(secure_head("gateway.example", "Sec-WebSocket-Extensions: permessage-deflate\r\n"));
    co_await client.hears_head();
    client.sends(compressed_frame("\xf2\x48\xcd\xc9\xc9\x07\x00"s));  // Hello
    auto const refusal = co_await client.hears_bytes(20);
    CHECK((static_cast<unsigned char>(refusal[0]) & 0x70U) == 0);
    CHECK(refusal.find(R"({"method":null)") != refusal.npos);
    wire::mask_key const key{1, 2, 3, 4};
    client.sends(wire::make_frame(wire::opcode::text, message_to("chat", 1), &key));
    auto& chat = *co_await world.upstream("chat");
    co_await chat.hears(message_to("chat", 1));
    CHECK(chat.handshake.find("Sec-WebSocket-Extensions") == chat.handshake.npos);
  });
}

TEST_CASE("messages of any size are compressed and inflated on the way, in order with those that are not") {
  play({.services = {"chat", "data"}}, [](gateway_world& world) -> net::awaitable<void> {
    auto& client = compressing(world);
    client.says(message_to("chat", 1));
    client.says_compressed(message_of_size("chat", 2 * KiB));
    client.says_compressed(message_of_size("data", 300 * KiB));
    client.says(message_to("data", 4));
    client.says_compressed(message_of_size("chat", 700 * KiB));
    client.says_compressed(message_of_size("chat", 100 * KiB));
    client.says(message_to("chat", 7));
    auto& chat = *co_await world.upstream("chat");
    auto& data = *co_await world.upstream("data");
    co_await chat.hears(message_to("chat", 1));
    co_await chat.hears(message_of_size("chat", 2 * KiB));
    co_await data.hears(message_of_size("data", 300 * KiB));
    co_await data.hears(message_to("data", 4));
    co_await chat.hears(message_of_size("chat", 700 * KiB));
    co_await chat.hears(message_of_size("chat", 100 * KiB));
    co_await chat.hears(message_to("chat", 7));

    chat.says("small");
    chat.says(std::string(wire::worth_deflating - 1, 'a'));
    chat.says(std::string(wire::worth_deflating, 'b'));
    chat.says("small again");
    chat.says(std::string(60 * KiB, 'c'));
    chat.says_binary(noise(20 * KiB));
    chat.says("last");
    co_await client.hears("small");
    co_await client.hears(std::string(wire::worth_deflating - 1, 'a'));
    co_await client.hears_compressed(std::string(wire::worth_deflating, 'b'));
    co_await client.hears("small again");
    co_await client.hears_compressed(std::string(60 * KiB, 'c'));
    co_await client.hears_binary(noise(20 * KiB));
    co_await client.hears("last");

    auto const& stats = world.worker().stats();
    CHECK(stats.inflated.plain.get() == (2 + 300 + 700 + 100) * KiB);
    CHECK(stats.inflated.compressed.get() < 10 * KiB);
    CHECK(stats.deflated.plain.get() == 61 * KiB);
    CHECK(stats.deflated.compressed.get() < KiB);
    CHECK(client.has_heard_all());
  });
}

TEST_CASE("a message held until it is whole is compressed, one that is streamed is not") {
  play({}, [](gateway_world& world) -> net::awaitable<void> {
    auto& client = compressing(world);
    client.says(message_to("chat", 1));
    auto& chat = *co_await world.upstream("chat");
    chat.says_part(wire::opcode::text, std::string(1000, 'a'), false);
    chat.says_part(wire::opcode::continuation, std::string(1000, 'a'), true);
    co_await client.hears_compressed(std::string(2000, 'a'));
    chat.says_part(wire::opcode::text, std::string(40 * KiB, 'b'), false);
    chat.says_part(wire::opcode::continuation, std::string(40 * KiB, 'b'), false);
    chat.says_part(wire::opcode::continuation, std::string(40 * KiB, 'b'), true);
    co_await client.hears(std::string(120 * KiB, 'b'));
  });
}

TEST_CASE("a client that did not agree hears nothing compressed") {
  play({}, [](gateway_world& world) -> net::awaitable<void> {
    auto& client = world.client();
    client.says(message_to("chat", 1));
    auto& chat = *co_await world.upstream("chat");
    chat.says(std::string(2000, 'a'));
    co_await client.hears(std::string(2000, 'a'));
    CHECK(world.worker().stats().deflated.plain.get() == 0);
  });
}

TEST_CASE("a client with a small window gets what fits in it compressed, and the rest as it is") {
  play({}, [](gateway_world& world) -> net::awaitable<void> {
    auto& client = compressing(world, "client", 11);
    auto& tiny = compressing(world, "tiny", 8);
    client.says(message_to("chat", 1));
    auto& chat = *co_await world.upstream("chat");
    chat.says(std::string(2048, 'a'));
    chat.says(std::string(2049, 'b'));
    co_await client.hears_compressed(std::string(2048, 'a'));
    co_await client.hears(std::string(2049, 'b'));
    tiny.says(message_to("chat", 1));
    auto& second = *co_await world.upstream("chat");
    second.says(std::string(wire::worth_deflating, 'c'));
    co_await tiny.hears(std::string(wire::worth_deflating, 'c'));
  });
}

TEST_CASE("a compressed message may come in fragments with control frames between them, and cut anywhere") {
  play({}, [](gateway_world& world) -> net::awaitable<void> {
    auto& client = compressing(world);
    auto const text = message_of_size("chat", 3 * KiB);
    auto const payload = compressed_payload(client, text);
    client.sends_bytes(compressed_frame(payload.substr(0, 10), wire::opcode::text, false));
    client.pings("between");
    client.says_part(wire::opcode::continuation, "", false);
    client.says_part(wire::opcode::continuation, payload.substr(10), true);
    auto& chat = *co_await world.upstream("chat");
    co_await chat.hears(text);
    auto const frame = compressed_frame(payload);
    for (std::size_t const cut : {1U, 3U, 7U, 20U}) {
      client.sends_bytes(frame.substr(0, cut));
      co_await world.until_quiet();
      client.sends_bytes(frame.substr(cut));
      co_await chat.hears(text);
    }
    CHECK(world.session_of(client)->held_bytes() == 0);
  });
}

TEST_CASE("a compressed message is refused for what is in it, to the letter, and has its number") {
  play({}, [](gateway_world& world) -> net::awaitable<void> {
    auto& client = compressing(world);
    auto const padding = std::string(2 * KiB, ' ');
    client.says_compressed("[1," + padding);
    client.says_compressed(R"({"method":"/api/v1/chat/x","id":1,"method":"/api/v1/chat/x"})" + padding);
    client.says_compressed(R"({"id":7,"method":"/api/v1/nobody/x"})" + padding);
    client.says_compressed(std::string(2 * KiB, 'x'), wire::opcode::binary);
    client.says_compressed(R"({"method":"/api/v1/gateway/heartbeat","id":5})" + padding);
    co_await world.told(client, R"({"method":null,"status":2,"message":"not a JSON object","data":{},
        "error":{"code":"PARSE_ERROR","http":400,"stage":"parse","retryable":false,"sent":false,"seq":1}})");
    co_await world.told(client, R"({"method":null,"status":2,"message":"the routing key stands there twice",
        "data":{"id":1},
        "error":{"code":"BAD_METHOD","http":400,"stage":"route","retryable":false,"sent":false,"seq":2}})");
    co_await world.told(client, R"({"method":"/api/v1/nobody/x","status":1,"message":"no such service","data":{"id":7},
        "error":{"code":"NO_ROUTE","http":404,"stage":"route","service":"nobody","retryable":false,"sent":false,"seq":3}})");
    co_await world.told(client, R"({"method":null,"status":2,"message":"no rule takes binary messages","data":{},
        "error":{"code":"UNSUPPORTED_TYPE","http":415,"stage":"route","retryable":false,"sent":false,"seq":4}})");
    auto const beat = co_await client.hears_json();
    CHECK(beat["data"]["id"] == 5);
    client.says_compressed(message_of_size("chat", 2 * KiB));
    auto& chat = *co_await world.upstream("chat");
    co_await chat.hears(message_of_size("chat", 2 * KiB));
  });
}

TEST_CASE("B29: what cannot be inflated ends its session with 1007, a reserved bit where none may be with 1002") {
  auto const hello = "\xf2\x48\xcd\xc9\xc9\x07\x00"s;
  check_refused(compressed_frame("garbage"), wire::close_code::invalid_utf8);
  check_refused(compressed_frame(""), wire::close_code::invalid_utf8);
  check_refused(compressed_frame(hello.substr(0, 4)), wire::close_code::invalid_utf8);
  check_refused(compressed_frame("\x00\x01\x00\xfe\xff\xff\x00"s), wire::close_code::invalid_utf8);  // text, no UTF-8
  check_refused(compressed_frame(hello, wire::opcode::text, false) + compressed_frame("", wire::opcode::continuation),
                wire::close_code::protocol_error);
  check_refused(compressed_frame("", wire::opcode::ping), wire::close_code::protocol_error);
  check_refused(compressed_frame(hello), wire::close_code::protocol_error, false);
}

TEST_CASE("B28: a message that inflates beyond the limit ends its session with 1009, in one frame or in many") {
  wire::deflater by;
  wire::mask_key const key{1, 2, 3, 4};
  auto const bomb = std::string(by.deflate(wire::opcode::text, std::string(10 * KiB * KiB, 'x'), &key));
  CHECK(bomb.size() < 64 * KiB);
  check_refused(bomb, wire::close_code::too_big);
  wire::frame_header header;
  REQUIRE(wire::parse_header(bomb, header));
  auto payload = bomb.substr(header.size);
  wire::apply_mask(payload, header.key);
  auto frames = compressed_frame(payload.substr(0, 1000), wire::opcode::text, false);
  for (std::size_t at = 1000; at < payload.size(); at += 1000) {
    frames += wire::make_frame(wire::opcode::continuation, payload.substr(at, 1000), &key, at + 1000 >= payload.size());
  }
  check_refused(frames, wire::close_code::too_big);
  // A message of exactly the limit is none.
  play({}, [](gateway_world& world) -> net::awaitable<void> {
    auto& client = compressing(world);
    client.says_compressed(message_of_size("chat", KiB * KiB));
    auto& chat = *co_await world.upstream("chat");
    co_await chat.hears(message_of_size("chat", KiB * KiB));
    client.says_compressed(message_of_size("chat", KiB * KiB + 1));
    co_await client.hears_close(wire::close_code::too_big);
  });
}

TEST_CASE("queues keep their bounds although one read inflates to many times their size") {
  play({.manual_time = true}, [](gateway_world& world) -> net::awaitable<void> {
    auto& client = compressing(world);
    client.says(message_to("chat", 0));
    auto& chat = *co_await world.upstream("chat");
    co_await chat.hears(message_to("chat", 0));
    chat.keeps_little();
    chat.stops_reading();
    constexpr int flood = 60;
    auto const text = message_of_size("chat", 500 * KiB);
    for (int i = 0; i < flood; ++i) client.says_compressed(text);
    std::function<bool()> const paused = [&world] { return world.counts_of("chat").pauses.get() == 1; };
    co_await world.until("a pause of the session", paused);
    co_await world.until_quiet();
    CHECK(world.session_of(client)->held_bytes() < 512 * KiB + 500 * KiB + 256 * KiB);
    CHECK(world.counts_of("chat").messages_up.get() < flood);

    chat.reads_again();
    for (int i = 0; i < flood; ++i) co_await chat.hears(text);
    client.says(message_to("chat", 1));
    co_await chat.hears(message_to("chat", 1));
    CHECK(client.has_heard_all());
    CHECK(world.session_of(client)->held_bytes() == 0);
  });
}
