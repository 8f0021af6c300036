// The decoder against tables after RFC 6455 and the public Autobahn sections 1 to 5 and 7.
#include "wire/decoder.hpp"

#include "wire/decoder_rows.hpp"

#include <string>

namespace gw::wire {
namespace {

using namespace rows;
using enum opcode;
using std::string_literals::operator""s;

constexpr opcode undefined(unsigned op) {
  return static_cast<opcode>(op);
}

TEST_CASE("messages of every length form arrive whole (Autobahn 1)") {
  for (std::size_t const size : {0U, 1U, 124U, 125U, 126U, 127U, 128U, 255U, 1'000U}) {
    std::string const payload(size, '*');
    std::string const heard = size == 0 ? "" : " " + payload;
    check({{"text of " + std::to_string(size), {{text, payload}}, {"text" + heard}},
           {"binary of " + std::to_string(size), {{binary, payload}}, {"binary" + heard}}});
  }
}

TEST_CASE("binary messages carry any bytes") {
  std::string every_byte;
  for (int i = 0; i < 256; ++i) every_byte += static_cast<char>(i);
  check({{"every byte", {{binary, every_byte}}, {"binary " + every_byte}},
         {"not UTF-8", {{binary, "\xff\xfe\xc0"}}, {"binary \xff\xfe\xc0"}}});
}

TEST_CASE("pings and pongs are told in order (Autobahn 2)") {
  std::string const most(125, '\xfe');
  check({
      {"2.1 empty ping", {{ping, ""}}, {"ping"}},
      {"2.2 ping with text", {{ping, "Hello, world!"}}, {"ping Hello, world!"}},
      {"2.3 ping with bytes", {{ping, "\x00\xff\xfe\xfd"s}}, {"ping \x00\xff\xfe\xfd"s}},
      {"2.4 ping of 125", {{ping, most}}, {"ping " + most}},
      {"2.5 ping of 126", {{ping, most + "x"}}, {"violation 1002"}},
      {"2.7 unsolicited empty pong", {{pong, ""}}, {"pong"}},
      {"2.8 unsolicited pong", {{pong, "unasked"}}, {"pong unasked"}},
      {"2.9 pong, then ping", {{pong, "unasked"}, {ping, "a"}}, {"pong unasked", "ping a"}},
      {"2.10 ten pings",
       {{ping, "0"}, {ping, "1"}, {ping, "2"}, {ping, "3"}, {ping, "4"}, {ping, "5"}, {ping, "6"}, {ping, "7"}},
       {"ping 0", "ping 1", "ping 2", "ping 3", "ping 4", "ping 5", "ping 6", "ping 7"}},
  });
}

TEST_CASE("reserved bits are refused in every frame (Autobahn 3)") {
  for (std::uint8_t bits = 1; bits < 8; ++bits) {
    for (opcode const op : {text, binary, ping, pong, close}) {
      check({"reserved bits " + std::to_string(bits), {{op, "", true, bits}}, {"violation 1002"}});
    }
    check({{"after a message", {{text, "a"}, {text, "b", true, bits}, {ping, ""}}, {"text a", "violation 1002"}},
           {"in a continuation", {{text, "a", false}, {continuation, "b", true, bits}}, {"violation 1002"}}});
  }
}

TEST_CASE("undefined opcodes are refused (Autobahn 4)") {
  for (unsigned const op : {3U, 4U, 5U, 6U, 7U, 11U, 12U, 13U, 14U, 15U}) {
    check({{"opcode " + std::to_string(op), {{undefined(op), ""}}, {"violation 1002"}},
           {"with a payload", {{text, "a"}, {undefined(op), "payload"}, {ping, ""}}, {"text a", "violation 1002"}},
           {"inside a message", {{text, "a", false}, {undefined(op), ""}}, {"violation 1002"}}});
  }
}

TEST_CASE("control frames are never fragmented (Autobahn 5.1, 5.2)") {
  for (opcode const op : {ping, pong, close}) {
    check({{"first part", {{op, "a", false}, {continuation, "b"}}, {"violation 1002"}},
           {"empty", {{op, "", false}}, {"violation 1002"}},
           {"inside a message", {{text, "a", false}, {op, "", false}}, {"violation 1002"}}});
  }
}

TEST_CASE("fragments are joined in order, with control frames between (Autobahn 5.3 to 5.8)") {
  check({
      {"5.3 two", {{text, "fragment1", false}, {continuation, "fragment2"}}, {"text fragment1fragment2"}},
      {"5.6 a ping between",
       {{text, "fragment1", false}, {ping, "ping"}, {continuation, "fragment2"}},
       {"ping ping", "text fragment1fragment2"}},
      {"a pong and a ping between, three of binary",
       {{binary, "a", false}, {pong, ""}, {continuation, "b", false}, {ping, "p"}, {continuation, "c"}},
       {"pong", "ping p", "binary abc"}},
      {"empty first", {{text, "", false}, {continuation, "a"}}, {"text a"}},
      {"empty last", {{text, "a", false}, {continuation, ""}}, {"text a"}},
      {"empty middle", {{text, "a", false}, {continuation, "", false}, {continuation, "b"}}, {"text ab"}},
      {"all empty", {{text, "", false}, {continuation, "", false}, {continuation, ""}}, {"text"}},
      {"two messages in turn",
       {{text, "a", false}, {continuation, "b"}, {binary, "c", false}, {continuation, "d"}, {text, "e"}},
       {"text ab", "binary cd", "text e"}},
      {"a close between", {{text, "a", false}, {close, ""}, {continuation, "b"}}, {"close 1005", "unfinished text a"}},
      {"no end", {{text, "abc", false}}, {"unfinished text abc"}},
  });
}

TEST_CASE("fragments out of order are refused (Autobahn 5.9 to 5.20)") {
  check({
      {"5.9 continuation first", {{continuation, "a"}, {text, "b"}}, {"violation 1002"}},
      {"5.12 open continuation first", {{continuation, "a", false}, {text, "b"}}, {"violation 1002"}},
      {"5.15 continuation after the end",
       {{text, "a", false}, {continuation, "b"}, {continuation, "c", false}, {text, "d"}},
       {"text ab", "violation 1002"}},
      {"after a whole message", {{text, "a"}, {continuation, "b"}}, {"text a", "violation 1002"}},
      {"5.18 text inside text", {{text, "a", false}, {text, "b"}}, {"violation 1002"}},
      {"binary inside text", {{text, "a", false}, {binary, "b", false}}, {"violation 1002"}},
      {"5.19 long, with pings, then a new message",
       {{text, "1", false}, {continuation, "2", false}, {ping, "p"}, {continuation, "3", false}, {text, "4"}},
       {"ping p", "violation 1002"}},
  });
}

TEST_CASE("frames are masked by clients and never by servers") {
  check_bytes(role::server, encode({text, "a"}, role::client), {"violation 1002"});
  check_bytes(role::client, encode({text, "a"}, role::server), {"violation 1002"});
  check_bytes(role::server, encode({close, ""}, role::client), {"violation 1002"});
  check_bytes(role::client, encode({ping, ""}, role::server), {"violation 1002"});
  for (opcode const op : {text, binary}) {
    check_bytes(role::server, encode({op, "longer than a header"}, role::client), {"violation 1002"});
    check_bytes(role::client, encode({op, "longer than a header"}, role::server), {"violation 1002"});
  }
}

TEST_CASE("a mask key may be zero, or the same in every frame") {
  mask_key const zero{};
  std::string const frame = make_frame(text, "plain", &zero);
  check_bytes(role::server, frame + frame, {"text plain", "text plain"});
}

TEST_CASE("lengths not in their shortest form, or with the top bit, are refused") {
  auto const refused = [](std::string const& bytes) { check_bytes(role::client, bytes, {"violation 1002"}); };
  refused("\x82\x7e\x00\x00"s);
  refused("\x82\x7e\x00\x7d"s);
  refused("\x82\x7e\x00\x7d"s + std::string(125, 'x'));
  check_bytes(role::server, "\x82\xfe\x00\x7dkey!"s + std::string(125, 'x'), {"violation 1002"});
  refused("\x82\x7f\x00\x00\x00\x00\x00\x00\xff\xff"s);
  refused("\x82\x7f\x00\x00\x00\x00\x00\x00\x00\x01"s);
  refused("\x82\x7f\x80\x00\x00\x00\x00\x00\x00\x00"s);
  refused("\x82\x7f\xff\xff\xff\xff\xff\xff\xff\xff"s);
  refused("\x89\x7e\x00\x05hello"s);
}

TEST_CASE("a huge length is believed without being reserved for") {
  check_bytes(role::client, "\x82\x7f\x7f\xff\xff\xff\xff\xff\xff\xff"s + "ab", {"unfinished binary ab"});
}

TEST_CASE("an incomplete end is waited for") {
  check_bytes(role::server, "", {});
  check_bytes(role::server, "\x81", {});
  check_bytes(role::server, "\x81\xfe\x01", {});
  check_bytes(role::server, encode({ping, "abc"}, role::server).substr(0, 8), {});
  check_bytes(role::client, encode({text, "abcdef"}, role::client).substr(0, 5), {"unfinished text abc"});
}

TEST_CASE("what a decoder keeps shows in its state") {
  std::string bytes = encode({{text, "abc", false}, {ping, "p"}, {continuation, "d"}}, role::client);
  decoder d(role::client, 0);
  std::string states;
  for (char& byte : bytes) {
    testing::ws_transcript ignored;
    testing::decode(d, {&byte, 1}, ignored);
    states += d.at_boundary() ? '.' : d.inside_message() ? 'm' : 'h';
  }
  CHECK(states == "hmmmmmmmmm.");

  std::string piece = encode({binary, "abcd"}, role::client).substr(0, 5);
  std::span<char> input{piece};
  event const e = d.next(input);
  CHECK(e.first);
  CHECK_FALSE(e.last);
  CHECK(e.remaining == 1);
  CHECK(d.inside_message());
  CHECK_FALSE(d.at_boundary());
}

TEST_CASE("a whole frame in the input is a message, decoded where it lies") {
  for (role const we_are : {role::server, role::client}) {
    std::string bytes = encode({text, "Hello"}, we_are);
    std::span<char> input{bytes};
    decoder d(we_are, 0);
    event const e = d.next(input);
    CHECK(e.what == event::kind::message);
    CHECK(e.header_size == header_size(5, we_are == role::server));
    CHECK(e.payload.data() == bytes.data() + e.header_size);
    CHECK(input.empty());
    CHECK(d.at_boundary());
  }
}

TEST_CASE("a frame whose header was cut is a piece, since its header lies elsewhere") {
  std::string bytes = encode({text, "Hello"}, role::server);
  decoder d(role::server, 0);
  std::span<char> head{bytes.data(), 3};
  std::span<char> rest{bytes.data() + 3, bytes.size() - 3};
  CHECK(d.next(head).what == event::kind::none);
  event const e = d.next(rest);
  CHECK(e.what == event::kind::piece);
  CHECK(e.first);
  CHECK(e.last);
}

TEST_CASE("what looks like the header of a message is none where no header can stand") {
  std::string const header = "\x81\x08";  // of a text of eight bytes from a service
  check(
      {{"in the payload of a ping, cut before it", {{ping, header + "abcdefgh"}}, {"ping " + header + "abcdefgh"}},
       {"in a fragment", {{binary, header + "abcdefgh", false}, {continuation, ""}}, {"binary " + header + "abcdefgh"}},
       {"inside a message", {{text, "a", false}, {text, "longer than a header"}}, {"violation 1002"}}});
  // The second byte of its length, 0x0082, and the first of its payload would be the header of five bytes.
  std::string const odd = "\x05" + std::string(129, 'x');
  check({{"behind half a header", {{binary, odd}}, {"binary " + odd}}});
}

TEST_CASE("a finished decoder drops what it is given") {
  for (part const& end : {part{undefined(3), ""}, part{close, "\x03\xe8"}}) {
    decoder d(role::client, 0);
    std::string bytes = encode({end, {text, "late"}}, role::client);
    std::span<char> input{bytes};
    CHECK(d.next(input).what != event::kind::none);
    for (int i = 0; i < 3; ++i) {
      CHECK(d.next(input).what == event::kind::none);
      CHECK(input.empty());
      input = bytes;
    }
  }
}

TEST_CASE("a decoder is small enough to have two per channel") {
  CHECK(sizeof(decoder) <= 200);
}

}  // namespace
}  // namespace gw::wire
