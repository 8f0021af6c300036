#include "wire/json_walk_blocks.hpp"

#include <algorithm>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace gw::wire::blocks {
namespace {

// A name of such letters can be spelled only as it stands or with \u00XX.
bool is_plain(std::string_view name) noexcept {
  return !name.empty() && std::all_of(name.begin(), name.end(), [](char c) {
    return c >= 0x20 && c < 0x7F && c != '"' && c != '\\' && c != '/';
  });
}

#if defined(__x86_64__)
[[gnu::target("avx2")]] __m256i load_32(char const* p) noexcept {
  return _mm256_loadu_si256(reinterpret_cast<__m256i const*>(p));
}
[[gnu::target("avx2")]] bool any(__m256i found) noexcept {
  return _mm256_movemask_epi8(found) != 0;
}
/// Is it in one of two blocks?
[[gnu::target("avx2")]] __m256i find_in(__m256i low, __m256i high, char c) noexcept {
  auto const wanted = _mm256_set1_epi8(c);
  return _mm256_or_si256(_mm256_cmpeq_epi8(low, wanted), _mm256_cmpeq_epi8(high, wanted));
}

/// Of the 32 bytes at `p`, one is a quote and `first` follows it, or a backslash and `u` follows it.
[[gnu::target("avx2")]] bool is_block_suspicious(char const* p, char first) noexcept {
  auto const here = load_32(p);
  auto const next = load_32(p + 1);
  auto const named = _mm256_and_si256(_mm256_cmpeq_epi8(here, _mm256_set1_epi8('"')),
                                      _mm256_cmpeq_epi8(next, _mm256_set1_epi8(first)));
  auto const coded =
      _mm256_and_si256(_mm256_cmpeq_epi8(here, _mm256_set1_epi8('\\')), _mm256_cmpeq_epi8(next, _mm256_set1_epi8('u')));
  return any(_mm256_or_si256(named, coded));
}

/// The first suspicious block of 32 bytes; else where fewer are left.
[[gnu::target("avx2")]] char const* skip_clean_blocks(char const* p, char const* end, char first) noexcept {
  for (; end - p > 64; p += 64) {
    auto const low = load_32(p);
    auto const high = load_32(p + 32);
    // Most blocks of a long string hold neither.
    if (!any(_mm256_or_si256(find_in(low, high, '"'), find_in(low, high, '\\')))) continue;
    if (is_block_suspicious(p, first)) return p;
    if (is_block_suspicious(p + 32, first)) return p + 32;
  }
  return end - p > 32 && !is_block_suspicious(p, first) ? p + 32 : p;
}

/// The first block of 64 bytes with a `quote`, a backslash or a control character; else where fewer are left.
[[gnu::target("avx2")]] char const* skip_inside_string(char const* p, char const* end, char quote) noexcept {
  for (; end - p >= 64; p += 64) {
    auto const low = load_32(p);
    auto const high = load_32(p + 32);
    auto const lesser = _mm256_min_epu8(low, high);
    auto const controls = _mm256_cmpeq_epi8(_mm256_min_epu8(lesser, _mm256_set1_epi8(0x1F)), lesser);
    auto const ends = _mm256_or_si256(find_in(low, high, quote), find_in(low, high, '\\'));
    if (any(_mm256_or_si256(controls, ends))) break;
  }
  return p;
}
#endif

}  // namespace

char const* skip_plain([[maybe_unused]] char const* p, [[maybe_unused]] char const* end,
                       [[maybe_unused]] char quote) noexcept {
#if defined(__x86_64__)
  if (__builtin_cpu_supports("avx2")) return skip_inside_string(p, end, quote);
#endif
  return p;
}

name_search::name_search(std::string_view name)
    : needle_{'"' + std::string{name} + '"'}, every_text_{!is_plain(name)} {}

bool name_search::hit(char const* p, char const* end) const noexcept {
  std::string_view const here{p, static_cast<std::size_t>(end - p)};
  return here.starts_with(needle_) || here.starts_with("\\u00");
}

bool name_search::suspicious(std::string_view text) const noexcept {
  if (every_text_) return true;
  char const* p = text.data();
  char const* const end = p + text.size();
#if defined(__x86_64__)
  auto const last = needle_.size() - 1;
  auto const window = 16 + last;
  if (__builtin_cpu_supports("avx2")) p = skip_clean_blocks(p, end, needle_[1]);
  // The last window overlaps what is before it, so that hardly a byte is left for the loop below.
  if (text.size() >= window && static_cast<std::size_t>(end - p) < window) p = end - window;
  for (bool more = static_cast<std::size_t>(end - p) >= window; more;) {
    auto const here = load(p);
    auto const next = load(p + 1);
    auto const named =
        _mm_and_si128(equal(here, '"'), _mm_and_si128(equal(next, needle_[1]), equal(load(p + last), '"')));
    auto const coded = _mm_and_si128(equal(here, '\\'), equal(next, 'u'));
    for (auto left = bits(either(named, coded)); left != 0; left &= left - 1) {
      if (hit(p + __builtin_ctzll(left), end)) return true;
    }
    p += 16;
    auto const behind = static_cast<std::size_t>(end - p);
    more = behind > last;
    if (more && behind < window) p = end - window;
  }
#endif
  for (; p != end; ++p) {
    if ((*p == '"' || *p == '\\') && hit(p, end)) return true;
  }
  return false;
}

}  // namespace gw::wire::blocks
