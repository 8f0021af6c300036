// Any bytes as a compressed message: the inflater says the same with and without a limit that suffices, never gives
// more than the limit, and is not impressed by what came before; what the deflater makes of them is inflated to them.
// Input: one byte of settings (opcode, limit), then the payload.
#include "wire/deflate.hpp"

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

namespace {

using namespace gw;

void require(bool holds) {
  if (!holds) std::abort();
}

struct verdict {
  wire::event::kind what;
  wire::close_code code;
  std::string payload;

  bool operator==(verdict const&) const = default;
};

verdict judged(wire::inflater& by, wire::opcode op, std::string_view payload, std::uint64_t limit) {
  std::string const alone(payload);  // so that a sanitizer sees whoever reads past it
  auto const e = by.inflate(op, alone, limit);
  require(e.what == wire::event::kind::message || e.what == wire::event::kind::violation);
  require(e.payload.size() <= limit);
  if (e.what == wire::event::kind::violation) return {e.what, e.code, {}};
  require(e.op == op && !e.compressed);
  std::fill_n(e.payload.data() - e.header_size, e.header_size, 'h');
  return {e.what, e.code, std::string(e.payload.data(), e.payload.size())};
}

// Bytes repeated, so that there is something to compress.
void check_round_trip(std::string_view bytes) {
  std::string payload;
  for (int i = 0; i < 4; ++i) payload += bytes;
  wire::deflater small;
  auto const frame = small.deflate(wire::opcode::binary, payload, nullptr);
  if (frame.empty()) return;
  wire::frame_header header;
  require(wire::parse_header(frame, header) && header.size + header.length == frame.size());
  require(header.reserved == 4 && header.length < payload.size());
  wire::inflater again(wire::role::server);
  auto const back = judged(again, wire::opcode::binary, frame.substr(header.size), payload.size());
  require(back.what == wire::event::kind::message && back.payload == payload);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size) {
  if (size < 1) return 0;
  constexpr std::uint64_t largest = 1 << 20;
  constexpr std::uint64_t limits[] = {1, 100, 16'384, 100'000};
  auto const op = (data[0] & 1U) != 0 ? wire::opcode::text : wire::opcode::binary;
  auto const limit = limits[data[0] >> 1U & 3U];
  std::string_view const payload{reinterpret_cast<char const*>(data) + 1, size - 1};

  wire::inflater one(wire::role::server);
  auto const large = judged(one, op, payload, largest);
  auto const small = judged(one, op, payload, limit);
  if (large.what == wire::event::kind::message && large.payload.size() <= limit) require(small == large);
  if (large.payload.size() > limit) require(small.code == wire::close_code::too_big);
  one.rest();
  require(judged(one, op, payload, largest) == large);
  check_round_trip(payload);
  return 0;
}
