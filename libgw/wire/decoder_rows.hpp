// The frame of the decoder's test tables: a row is given whole, cut at every byte and byte by byte, in both roles,
// and says the same each time. Used by the decoder_*_test.cpp files only.
#pragma once

#include "testing/catch.hpp"
#include "testing/ws_transcript.hpp"

#include <cstddef>
#include <cstdint>
#include <numeric>
#include <string>
#include <string_view>
#include <vector>

namespace gw::wire::rows {

using lines = std::vector<std::string>;

/// The frames of a row are written once and encoded for either role: masked if we are the server.
struct part {
  opcode op;
  std::string payload;
  bool fin = true;
  std::uint8_t reserved = 0;
};

struct row {
  std::string name;
  std::vector<part> frames;
  lines expected;
  std::uint64_t max_message = 0;
  bool compressed = false;  // permessage-deflate was agreed on
};

inline std::string encode(part const& p, role we_are) {
  static constexpr mask_key key = {0x37, 0xFA, 0x21, 0x3D};
  std::string frame = make_frame(p.op, p.payload, we_are == role::server ? &key : nullptr, p.fin);
  frame[0] = static_cast<char>(static_cast<unsigned char>(frame[0]) | p.reserved << 4U);
  return frame;
}

inline std::string encode(std::vector<part> const& frames, role we_are) {
  std::string bytes;
  for (part const& p : frames) bytes += encode(p, we_are);
  return bytes;
}

/// Bytes taken until the violation is found, if given one by one. 0: there is none.
inline std::size_t found_after(role we_are, std::uint64_t max_message, std::string bytes, bool compressed = false) {
  decoder d(we_are, max_message);
  if (compressed) d.accept_compressed();
  testing::ws_transcript heard;
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    testing::decode(d, {&bytes[i], 1}, heard);
    if (heard.violated()) return i + 1;
  }
  return 0;
}

/// Decodes `bytes` whole, cut in two at every byte, and byte by byte: each time the transcript is `expected`.
inline void check_bytes(role we_are, std::string const& bytes, lines const& expected, std::uint64_t max_message = 0,
                        bool compressed = false) {
  CAPTURE(we_are == role::server ? "server" : "client");
  auto const decoded = [=](std::string_view input, std::vector<std::size_t> const& cuts) {
    return testing::decode_cut(we_are, max_message, input, cuts, compressed);
  };
  REQUIRE(decoded(bytes, {}) == expected);
  std::vector<std::size_t> every(bytes.size());
  std::iota(every.begin(), every.end(), std::size_t{0});
  REQUIRE(decoded(bytes, every) == expected);
  for (std::size_t const cut : every) {
    if (decoded(bytes, {cut}) == expected) continue;
    CAPTURE(cut);
    CHECK(decoded(bytes, {cut}) == expected);
  }
  // A violation is found with the same byte however the input is cut.
  std::size_t const found = found_after(we_are, max_message, bytes, compressed);
  if (found == 0) return;
  CHECK(decoded(std::string_view(bytes).substr(0, found), {}) == expected);
  CHECK(decoded(std::string_view(bytes).substr(0, found - 1), {}) != expected);
}

inline void check(row const& r) {
  CAPTURE(r.name);
  for (role const we_are : {role::server, role::client}) {
    check_bytes(we_are, encode(r.frames, we_are), r.expected, r.max_message, r.compressed);
  }
}

inline void check(std::vector<row> const& table) {
  for (row const& r : table) check(r);
}

}  // namespace gw::wire::rows
