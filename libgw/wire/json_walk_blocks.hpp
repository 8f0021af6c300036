// Sixty-four bytes of JSON at a time: which of them are quotes, brackets, control characters, and which are escaped.
// The vector half of json_walk and of the search for a second routing key; nothing else includes it.
// SSE2 is part of x86-64; elsewhere the same masks are built byte by byte.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

#if defined(__x86_64__)
#include <emmintrin.h>
#endif

namespace gw::wire::blocks {

inline constexpr std::size_t size = 64;

/// Bit i speaks of byte i.
struct masks {
  std::uint64_t quotes = 0;
  std::uint64_t brackets = 0;  // { } [ ]
  std::uint64_t rare = 0;      // backslashes and control characters
  bool quiet() const noexcept { return (quotes | brackets | rare) == 0; }
};

constexpr bool is_digit(char c) noexcept {
  return c >= '0' && c <= '9';
}
constexpr bool is_letter(char c) noexcept {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}
constexpr bool is_control(char c) noexcept {
  return static_cast<unsigned char>(c) < 0x20;
}
constexpr bool is_blank(char c) noexcept {
  return c == ' ' || c == '\n' || c == '\r' || c == '\t';
}

#if defined(__x86_64__)

inline __m128i load(char const* p) noexcept {
  return _mm_loadu_si128(reinterpret_cast<__m128i const*>(p));
}
inline __m128i equal(__m128i v, char c) noexcept {
  return _mm_cmpeq_epi8(v, _mm_set1_epi8(c));
}
inline __m128i either(__m128i a, __m128i b) noexcept {
  return _mm_or_si128(a, b);
}
// Setting bit 0x20 makes { of [ and } of ], and of no other byte.
inline __m128i brackets(__m128i v) noexcept {
  auto const folded = either(v, _mm_set1_epi8(0x20));
  return either(equal(folded, '{'), equal(folded, '}'));
}
inline __m128i controls(__m128i v) noexcept {
  return _mm_cmpeq_epi8(_mm_min_epu8(v, _mm_set1_epi8(0x1F)), v);
}
inline std::uint64_t bits(__m128i v) noexcept {
  return static_cast<std::uint32_t>(_mm_movemask_epi8(v));
}

inline masks classify(char const* p) noexcept {
  __m128i quotes[4];
  __m128i nests[4];
  __m128i rares[4];
  auto loud = _mm_setzero_si128();
  for (std::size_t i = 0; i < 4; ++i) {
    auto const v = load(p + 16 * i);
    quotes[i] = equal(v, '"');
    nests[i] = brackets(v);
    rares[i] = either(controls(v), equal(v, '\\'));
    loud = either(loud, either(quotes[i], either(nests[i], rares[i])));
  }
  masks m;
  if (bits(loud) == 0) return m;
  for (std::size_t i = 0; i < 4; ++i) {
    m.quotes |= bits(quotes[i]) << (16 * i);
    m.brackets |= bits(nests[i]) << (16 * i);
    m.rare |= bits(rares[i]) << (16 * i);
  }
  return m;
}

/// Which of the 64 bytes are `c`.
inline std::uint64_t positions(char const* p, char c) noexcept {
  std::uint64_t found = 0;
  for (std::size_t i = 0; i < 4; ++i) found |= bits(equal(load(p + 16 * i), c)) << (16 * i);
  return found;
}

#else

inline std::uint64_t positions(char const* p, char c) noexcept {
  std::uint64_t found = 0;
  for (std::size_t i = 0; i < size; ++i) found |= std::uint64_t{p[i] == c} << i;
  return found;
}

inline masks classify(char const* p) noexcept {
  masks m;
  m.quotes = positions(p, '"');
  m.brackets = positions(p, '{') | positions(p, '}') | positions(p, '[') | positions(p, ']');
  m.rare = positions(p, '\\');
  for (std::size_t i = 0; i < size; ++i) m.rare |= std::uint64_t{is_control(p[i])} << i;
  return m;
}

#endif

/// Bytes that stand behind an odd run of backslashes. `carry`: the first byte is one; set for the next block.
inline std::uint64_t escaped(std::uint64_t backslashes, bool& carry) noexcept {
  constexpr std::uint64_t even = 0x5555555555555555;
  auto const carried = static_cast<std::uint64_t>(carry);
  if (backslashes == 0) {
    carry = false;
    return carried;
  }
  auto const escaping = backslashes & ~carried;
  auto const follows = escaping << 1 | carried;
  auto const odd_starts = escaping & ~even & ~follows;
  std::uint64_t runs = 0;
  carry = __builtin_add_overflow(odd_starts, escaping, &runs);
  return (even ^ (runs << 1)) & follows;
}

/// Bit i = parity of the bits 0..i: turns quotes into "inside a string" (opening quote in, closing quote out).
inline std::uint64_t parity(std::uint64_t x) noexcept {
  for (unsigned shift = 1; shift < 64; shift *= 2) x ^= x << shift;
  return x;
}

/// Behind blocks of a long string in which find_special() would find nothing; perhaps not all of them.
char const* skip_plain(char const* p, char const* end, char quote) noexcept;

/// The first `quote`, backslash or control character, or `end`.
inline char const* find_special(char const* p, char const* end, char quote) noexcept {
#if defined(__x86_64__)
  for (int blocks = 0; end - p >= 16; p += 16) {
    if (++blocks == 8) p = skip_plain(p, end, quote);  // most strings are short and are not worth the call
    if (end - p < 16) break;
    auto const v = load(p);
    auto const special = bits(either(controls(v), either(equal(v, quote), equal(v, '\\'))));
    if (special != 0) return p + __builtin_ctzll(special);
  }
#endif
  while (p != end && *p != quote && *p != '\\' && !is_control(*p)) ++p;
  return p;
}

/// Says whether a text could hold one more member of a given name: it holds the name in double quotes, or an escape
/// by which a letter of it may be spelled. Cheap and never wrong in the other direction.
class name_search {
 public:
  explicit name_search(std::string_view name);

  bool suspicious(std::string_view text) const noexcept;
  /// Bytes of the text before that a search must see again to find what a cut divided.
  std::size_t overlap() const noexcept { return needle_.size() < 4 ? 3 : needle_.size() - 1; }

 private:
  bool hit(char const* p, char const* end) const noexcept;

  std::string needle_;  // with its quotes
  bool every_text_ = false;
};

}  // namespace gw::wire::blocks
