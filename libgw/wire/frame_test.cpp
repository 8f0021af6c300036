#include "wire/frame.hpp"

#include "testing/catch.hpp"

#include <string>

namespace gw::wire {
namespace {

using std::string_literals::operator""s;

mask_key const key = {0x37, 0xFA, 0x21, 0x3D};

TEST_CASE("frames are written as RFC 6455 section 5.7 shows them") {
  CHECK(make_frame(opcode::text, "Hello", nullptr) == "\x81\x05Hello");
  CHECK(make_frame(opcode::text, "Hello", &key) == "\x81\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58");
  CHECK(make_frame(opcode::text, "Hel", nullptr, false) == "\x01\x03Hel");
  CHECK(make_frame(opcode::continuation, "lo", nullptr) == "\x80\x02lo"s);
  CHECK(make_frame(opcode::ping, "Hello", nullptr) == "\x89\x05Hello");
  CHECK(make_frame(opcode::pong, "Hello", &key) == "\x8a\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58");
  CHECK(make_frame(opcode::close, "", nullptr) == "\x88\x00"s);
  CHECK(make_frame(opcode::binary, std::string(256, 'x'), nullptr).substr(0, 5) == "\x82\x7e\x01\x00x"s);
  CHECK(make_frame(opcode::binary, std::string(65'536, 'x'), nullptr).substr(0, 11) ==
        "\x82\x7f\x00\x00\x00\x00\x00\x01\x00\x00x"s);
}

TEST_CASE("a header takes the bytes its length needs") {
  auto const check = [](std::uint64_t length, std::size_t unmasked) {
    CHECK(header_size(length, false) == unmasked);
    CHECK(header_size(length, true) == unmasked + 4);
  };
  check(0, 2);
  check(125, 2);
  check(126, 4);
  check(65'535, 4);
  check(65'536, 10);
  check(UINT64_MAX, 10);
}

TEST_CASE("a header is read as it was written, and not before its last byte") {
  for (std::uint64_t const length : {0ULL, 1ULL, 125ULL, 126ULL, 65'535ULL, 65'536ULL, 1ULL << 40U, ~0ULL}) {
    for (unsigned bits = 0; bits < 256; ++bits) {
      frame_header written;
      written.fin = (bits & 0x80U) != 0;
      written.reserved = bits >> 4U & 7U;
      written.op = static_cast<opcode>(bits & 0x0FU);
      written.masked = (bits & 1U) != 0;
      written.key = key;
      written.length = length;
      std::string bytes(max_header_size, '\x55');
      std::size_t const size = write_header(written, bytes.data());
      REQUIRE(size == header_size(length, written.masked));
      REQUIRE(bytes.substr(size) == std::string(max_header_size - size, '\x55'));

      frame_header h;
      for (std::size_t cut = 0; cut < size; ++cut) REQUIRE_FALSE(parse_header({bytes.data(), cut}, h));
      REQUIRE(parse_header(bytes, h));
      REQUIRE(h.size == size);
      REQUIRE(static_cast<unsigned char>(bytes[0]) == bits);
      REQUIRE(h.fin == written.fin);
      REQUIRE(h.reserved == written.reserved);
      REQUIRE(h.op == written.op);
      REQUIRE(h.masked == written.masked);
      REQUIRE((!h.masked || h.key == key));
      REQUIRE(h.length == length);
      REQUIRE(h.minimal);
    }
  }
}

TEST_CASE("a longer length form than needed is read, and told") {
  auto const check = [](std::string const& bytes, std::uint64_t length, bool minimal) {
    frame_header h;
    REQUIRE(parse_header(bytes, h));
    CHECK(h.length == length);
    CHECK(h.minimal == minimal);
  };
  check("\x82\x7e\x00\x7d"s, 125, false);
  check("\x82\x7e\x00\x7e"s, 126, true);
  check("\x82\x7f\x00\x00\x00\x00\x00\x00\xff\xff"s, 65'535, false);
  check("\x82\x7f\x00\x00\x00\x00\x00\x01\x00\x00"s, 65'536, true);
  check("\x82\x7f\x00\x00\x00\x00\x00\x00\x00\x00"s, 0, false);
}

TEST_CASE("control opcodes are those with the top bit") {
  for (opcode const op : {opcode::close, opcode::ping, opcode::pong}) CHECK(is_control(op));
  for (opcode const op : {opcode::continuation, opcode::text, opcode::binary}) CHECK_FALSE(is_control(op));
}

}  // namespace
}  // namespace gw::wire
