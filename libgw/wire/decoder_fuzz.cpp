// Any bytes, cut anywhere: the decoder says the same, keeps what its events promise and takes all of its input.
// Input: one byte of settings (role, limit, whether permessage-deflate was agreed on), one that seeds the cuts, then
// what the peer sends.
#include "testing/ws_transcript.hpp"
#include "wire/decoder.hpp"

#include <cstdint>
#include <cstdlib>
#include <numeric>
#include <string_view>
#include <vector>

namespace {

// Ascending; the distances follow from `seed` and are mostly short, since that is where headers are cut.
std::vector<std::size_t> cuts_of(std::size_t size, unsigned seed) {
  std::vector<std::size_t> cuts;
  std::size_t at = 0;
  for (;;) {
    seed = seed * 1'103'515'245U + 12'345U;
    at += seed >> 16U & ((seed >> 28U) < 12U ? 7U : 255U);
    if (at >= size) return cuts;
    cuts.push_back(at);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size) {
  using namespace gw;
  if (size < 2) return 0;
  auto const we_are = (data[0] & 1U) != 0 ? wire::role::server : wire::role::client;
  std::uint64_t const limits[] = {0, 1, 125, 1'000};
  std::uint64_t const max_message = limits[data[0] >> 1U & 3U];
  bool const compressed = (data[0] & 8U) != 0;
  std::string_view const bytes{reinterpret_cast<char const*>(data) + 2, size - 2};

  auto const whole = testing::decode_cut(we_are, max_message, bytes, {}, compressed);
  for (auto const& line : whole) {
    if (line.starts_with("BROKEN")) std::abort();
  }
  if (testing::decode_cut(we_are, max_message, bytes, cuts_of(bytes.size(), data[1]), compressed) != whole) {
    std::abort();
  }
  std::vector<std::size_t> every(bytes.size());
  std::iota(every.begin(), every.end(), std::size_t{0});
  if (testing::decode_cut(we_are, max_message, bytes, every, compressed) != whole) std::abort();
  return 0;
}
