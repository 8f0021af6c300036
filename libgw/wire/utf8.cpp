#include "wire/utf8.hpp"

#include <cstddef>
#include <cstring>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace gw::wire {
namespace {

using byte = unsigned char;

#if defined(__x86_64__)
constexpr std::ptrdiff_t block = 64;
constexpr std::ptrdiff_t worth_a_call = 512;

[[gnu::target("avx2")]] __m256i load_32(byte const* p) noexcept {
  return _mm256_loadu_si256(reinterpret_cast<__m256i const*>(p));
}

/// The first block of 128 bytes that is not ASCII all through; else where fewer are left.
[[gnu::target("avx2")]] byte const* skip_long_ascii(byte const* p, byte const* end) noexcept {
  for (; end - p >= 2 * block; p += 2 * block) {
    auto const any = _mm256_or_si256(_mm256_or_si256(load_32(p), load_32(p + 32)),
                                     _mm256_or_si256(load_32(p + 64), load_32(p + 96)));
    if (_mm256_movemask_epi8(any) != 0) break;
  }
  return p;
}

bool is_ascii_block(byte const* p) noexcept {
  auto const load = [p](int i) { return _mm_loadu_si128(reinterpret_cast<__m128i const*>(p) + i); };
  auto const any = _mm_or_si128(_mm_or_si128(load(0), load(1)), _mm_or_si128(load(2), load(3)));
  return _mm_movemask_epi8(any) == 0;
}
#endif

std::uint64_t load(byte const* p) noexcept {
  std::uint64_t word = 0;
  std::memcpy(&word, p, sizeof word);
  return word;
}

/// The first byte that is not ASCII, or `end`.
byte const* skip_ascii(byte const* p, byte const* end) noexcept {
  constexpr std::uint64_t high_bits = 0x8080808080808080U;
  constexpr std::ptrdiff_t word = sizeof high_bits;
  bool const has_word = end - p >= word;
#if defined(__x86_64__)
  if (end - p >= worth_a_call && __builtin_cpu_supports("avx2")) p = skip_long_ascii(p, end);
  while (end - p >= block && is_ascii_block(p)) p += block;
#endif
  while (end - p >= word && (load(p) & high_bits) == 0) p += word;
  // The last word overlaps what is before it, all of which is ASCII.
  if (has_word && end - p < word && (load(end - word) & high_bits) == 0) return end;
  while (p != end && *p < 0x80U) ++p;
  return p;
}

constexpr std::size_t longest = 4;  // bytes of a code point

bool continues(byte b) noexcept {
  return (b & 0xC0U) == 0x80U;
}

// Length of the code point of more than one byte at `p`, where `longest` bytes can be read; 0 if it is invalid.
std::size_t code_point_size(byte const* p) noexcept {
  byte const lead = p[0];
  if (lead >= 0xE0U && lead < 0xF0U) {
    bool const overlong = lead == 0xE0U && p[1] < 0xA0U;
    bool const surrogate = lead == 0xEDU && p[1] > 0x9FU;
    return continues(p[1]) && continues(p[2]) && !overlong && !surrogate ? 3 : 0;
  }
  if (lead < 0xE0U) return lead >= 0xC2U && continues(p[1]) ? 2 : 0;
  bool const overlong = lead == 0xF0U && p[1] < 0x90U;
  bool const too_large = lead > 0xF4U || (lead == 0xF4U && p[1] > 0x8FU);
  return continues(p[1]) && continues(p[2]) && continues(p[3]) && !overlong && !too_large ? 4 : 0;
}

}  // namespace

bool utf8_checker::feed(std::string_view bytes) noexcept {
  auto const* p = reinterpret_cast<byte const*>(bytes.data());
  auto const* const end = p + bytes.size();
  while (needed_ != 0 && p != end) {
    if (!step(*p++)) return false;
  }
  while (p != end) {
    p = skip_ascii(p, end);
    while (static_cast<std::size_t>(end - p) >= longest && *p >= 0x80U) {
      std::size_t const size = code_point_size(p);
      if (size == 0) return fail();
      p += size;
    }
    if (static_cast<std::size_t>(end - p) < longest) {
      while (p != end) {
        if (!step(*p++)) return false;
      }
    }
  }
  return true;
}

bool utf8_checker::step(unsigned char b) noexcept {
  if (needed_ != 0) {
    if (b < low_ || b > high_) return fail();
    expect(static_cast<std::uint8_t>(needed_ - 1), 0x80, 0xBF);
    return true;
  }
  if (b < 0x80U) return true;
  if (b < 0xC2U || b > 0xF4U) return fail();
  // RFC 3629 section 4: the second byte is what excludes overlong forms, surrogates and what is above U+10FFFF.
  std::uint8_t const low = b == 0xE0U ? 0xA0 : b == 0xF0U ? 0x90 : 0x80;
  std::uint8_t const high = b == 0xEDU ? 0x9F : b == 0xF4U ? 0x8F : 0xBF;
  expect(b < 0xE0U ? 1 : b < 0xF0U ? 2 : 3, low, high);
  return true;
}

void utf8_checker::expect(std::uint8_t needed, std::uint8_t low, std::uint8_t high) noexcept {
  needed_ = needed;
  low_ = low;
  high_ = high;
}

bool utf8_checker::fail() noexcept {
  expect(1, 1, 0);  // a byte that cannot come
  return false;
}

bool is_utf8(std::string_view bytes) noexcept {
  utf8_checker checker;
  return checker.feed(bytes) && checker.at_boundary();
}

}  // namespace gw::wire
