#include "wire/deflate.hpp"

#include "testing/catch.hpp"
#include "wire/mask.hpp"

#include <malloc.h>

#include <algorithm>
#include <random>
#include <string>
#include <string_view>

namespace gw::wire {
namespace {

using namespace std::string_literals;

/// What an inflater says of one message: its payload behind its kind, or the close code.
std::string said_by(inflater& by, std::string const& compressed, opcode op = opcode::text, std::uint64_t limit = 0) {
  auto const e = by.inflate(op, compressed, limit);
  if (e.what == event::kind::violation) return std::to_string(static_cast<unsigned>(e.code));
  REQUIRE(e.what == event::kind::message);
  REQUIRE(e.op == op);
  REQUIRE_FALSE(e.compressed);
  return "message " + std::string(e.payload.data(), e.payload.size());
}

std::string inflated(std::string const& compressed, opcode op = opcode::text, std::uint64_t limit = 0) {
  inflater fresh(role::server);
  return said_by(fresh, compressed, op, limit);
}

/// The payload of the frame that a deflater makes; empty if it makes none.
std::string deflated(deflater& by, std::string const& payload, opcode op = opcode::text) {
  auto const frame = by.deflate(op, payload, nullptr);
  if (frame.empty()) return {};
  frame_header header;
  REQUIRE(parse_header(frame, header));
  CHECK(header.fin);
  CHECK(header.reserved == 4);
  CHECK(header.op == op);
  CHECK_FALSE(header.masked);
  CHECK(header.minimal);
  REQUIRE(header.size + header.length == frame.size());
  CHECK(header.length < payload.size());
  return std::string(frame.substr(header.size));
}

std::string noise(std::size_t size) {
  std::mt19937 dice(7);
  std::string bytes(size, '\0');
  std::generate(bytes.begin(), bytes.end(), [&] { return static_cast<char>(dice()); });
  return bytes;
}

// One block "stored" (RFC 1951 section 3.2.4).
std::string stored(std::string const& bytes, bool last = false) {
  auto const low = static_cast<char>(bytes.size() & 0xFFU);
  auto const high = static_cast<char>(bytes.size() >> 8U);
  return std::string{static_cast<char>(last ? 1 : 0), low, high, static_cast<char>(~low), static_cast<char>(~high)} +
         bytes;
}

/// Bytes of the heap.
std::size_t in_use() {
  auto const all = ::mallinfo2();
  return all.uordblks + all.hblkhd;
}

TEST_CASE("the examples of RFC 7692 section 7.2.3 are inflated") {
  CHECK(inflated("\xf2\x48\xcd\xc9\xc9\x07\x00"s) == "message Hello");
  CHECK(inflated("\x00\x05\x00\xfa\xff\x48\x65\x6c\x6c\x6f\x00"s) == "message Hello");
  CHECK(inflated("\xf3\x48\xcd\xc9\xc9\x07\x00\x00"s) == "message Hello");
  CHECK(inflated("\xf2\x48\x05\x00\x00\x00\xff\xff\xca\xc9\xc9\x07\x00"s) == "message Hello");
  CHECK(inflated("\x00"s) == "message ");
}

TEST_CASE("a block that says it is the last may be followed by others, or by nothing") {
  CHECK(inflated(stored("one", true)) == "message one");
  CHECK(inflated(stored("one", true) + stored(" two", true) + "\x00"s) == "message one two");
  CHECK(inflated(stored("one", true) + stored(" two") + "\x00"s) == "message one two");
}

TEST_CASE("no message leaves anything behind for the next one") {
  inflater one(role::server);
  std::string const hello = "\xf2\x48\xcd\xc9\xc9\x07\x00"s;
  // The second example with context takeover refers to the first message.
  CHECK(said_by(one, hello) == "message Hello");
  CHECK(said_by(one, "\xf2\x00\x11\x00\x00"s) == "1007");
  CHECK(said_by(one, hello) == "message Hello");
  CHECK(said_by(one, "\xff") == "1007");
  CHECK(said_by(one, hello, opcode::text, 4) == "1009");
  CHECK(said_by(one, hello) == "message Hello");
}

TEST_CASE("B29: what is no DEFLATE data, or ends inside a block, is 1007") {
  for (auto const& bad :
       {"\xff"s, "\x06"s, "garbage"s, "\x00\x05\x00\xfa\xfe\x48"s, stored("abc").substr(0, 7),
        stored("abc").substr(0, 4), "\xf2\x48\xcd\xc9"s, ""s, "\xf2\x48\xcd\xc9\xc9\x07\x00"s + "\x06",
        stored("abc") + "\x00\x00\x00\xff\xff"s + "\x00"s + "\x05"}) {
    CAPTURE(bad);
    CHECK(inflated(bad, opcode::binary) == "1007");
  }
}

TEST_CASE("a text has to be UTF-8 when it is inflated, binary data need not") {
  CHECK(inflated(stored("\xC3\xA9") + "\x00"s) == "message \xC3\xA9");
  CHECK(inflated(stored("\xFF") + "\x00"s) == "1007");
  CHECK(inflated(stored("ends inside \xC3") + "\x00"s) == "1007");
  CHECK(inflated(stored("\xFF") + "\x00"s, opcode::binary) == "message \xFF");
}

TEST_CASE("B28: a message may inflate to the limit and no byte further") {
  deflater by;
  for (std::size_t const size : {1'024U, 16'384U, 16'385U, 32'768U, 1'000'000U}) {
    CAPTURE(size);
    auto const small = deflated(by, std::string(size, 'x'));
    CHECK(small.size() < size / 20 + 20);
    CHECK(inflated(small, opcode::text, size) == "message " + std::string(size, 'x'));
    CHECK(inflated(small, opcode::text, size - 1) == "1009");
    CHECK(inflated(small, opcode::text, 1) == "1009");
  }
}

TEST_CASE("a bomb is seen as soon as it exceeds the limit, whatever comes behind") {
  deflater by;
  auto const bomb = deflated(by, std::string(10 * 1024 * 1024, '\0'), opcode::binary);
  CHECK(bomb.size() < 64 * 1024);
  CHECK(inflated(bomb, opcode::binary, 1024 * 1024) == "1009");
  CHECK(inflated(bomb.substr(0, bomb.size() / 2) + "garbage", opcode::binary, 1024 * 1024) == "1009");
}

TEST_CASE("B28: a bomb takes no more memory than the limit and 64 KiB, which are given back") {
  constexpr std::size_t limit = 1024 * 1024;
  deflater by;
  auto const bomb = deflated(by, std::string(10 * limit, '\0'), opcode::binary);
  inflater one(role::server);
  auto const before = in_use();
  CHECK(one.inflate(opcode::binary, bomb, limit).code == close_code::too_big);
  CHECK(in_use() <= before + limit + 64 * 1024);
  one.rest();
  CHECK(in_use() <= before + 64 * 1024);
}

TEST_CASE("an inflated message has room for the header of its frame") {
  for (role const we_are : {role::server, role::client}) {
    for (std::size_t const size : {5U, 126U, 70'000U}) {
      deflater by;
      inflater one(we_are);
      std::string const payload(size, 'x');
      auto const compressed = size < worth_deflating ? stored(payload) + "\x00"s : deflated(by, payload);
      auto const e = one.inflate(opcode::text, compressed, 0);
      CHECK(e.header_size == header_size(size, we_are == role::server));
      std::fill_n(e.payload.data() - e.header_size, e.header_size, 'h');
      CHECK(std::string_view(e.payload.data(), e.payload.size()) == payload);
    }
  }
}

TEST_CASE("what is deflated is inflated to the same, large and small in turn") {
  deflater by;
  inflater one(role::server);
  for (std::size_t const size : {1'024U, 3'000'000U, 20'000U, 400'000U, 1'024U}) {
    auto half = noise(size / 2);
    half.append(size - half.size(), 'x');
    auto const small = deflated(by, half, opcode::binary);
    REQUIRE_FALSE(small.empty());
    bool const same = said_by(one, small, opcode::binary, size) == "message " + half;
    CHECK(same);
    by.rest();
    one.rest();
  }
}

TEST_CASE("what does not become smaller is not deflated") {
  deflater by;
  CHECK(deflated(by, noise(100'000), opcode::binary).empty());
  CHECK(deflated(by, "").empty());
  CHECK(deflated(by, "abc").empty());
  CHECK_FALSE(deflated(by, std::string(2'000, 'x')).empty());
}

TEST_CASE("a client's compressed frame is masked") {
  deflater by;
  mask_key const key{1, 2, 3, 4};
  std::string const payload(2'000, 'x');
  std::string frame(by.deflate(opcode::text, payload, &key));
  frame_header header;
  REQUIRE(parse_header(frame, header));
  REQUIRE(header.masked);
  REQUIRE(header.size + header.length == frame.size());
  std::span<char> const body(frame.data() + header.size, static_cast<std::size_t>(header.length));
  apply_mask(body, header.key);
  CHECK(inflated({body.data(), body.size()}) == "message " + payload);
}

// A sanitizer has a heap of its own.
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
TEST_CASE("neither owns memory before its first message") {
  auto const before = in_use();
  inflater one(role::server);
  deflater by;
  CHECK(in_use() == before);
  // A heap that is looked at in vain would be no good witness.
  CHECK_FALSE(by.deflate(opcode::binary, std::string(2'000, 'x'), nullptr).empty());
  auto const with_deflater = in_use();
  CHECK(with_deflater > before);
  CHECK(one.inflate(opcode::binary, stored("abc") + "\x00"s, 0).what == event::kind::message);
  CHECK(in_use() > with_deflater);
}
#endif

}  // namespace
}  // namespace gw::wire
