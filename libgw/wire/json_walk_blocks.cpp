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
/// The first block of 32 bytes in which `first` stands behind a quote or `u` behind a backslash; else where fewer are
/// left.
[[gnu::target("avx2")]] char const* skip_clean_blocks(char const* p, char const* end, char first) noexcept {
  auto const quote = _mm256_set1_epi8('"');
  auto const letter = _mm256_set1_epi8(first);
  auto const backslash = _mm256_set1_epi8('\\');
  auto const u = _mm256_set1_epi8('u');
  for (; end - p > 32; p += 32) {
    auto const here = _mm256_loadu_si256(reinterpret_cast<__m256i const*>(p));
    auto const next = _mm256_loadu_si256(reinterpret_cast<__m256i const*>(p + 1));
    auto const named = _mm256_and_si256(_mm256_cmpeq_epi8(here, quote), _mm256_cmpeq_epi8(next, letter));
    auto const coded = _mm256_and_si256(_mm256_cmpeq_epi8(here, backslash), _mm256_cmpeq_epi8(next, u));
    if (_mm256_movemask_epi8(_mm256_or_si256(named, coded)) != 0) break;
  }
  return p;
}
#endif

}  // namespace

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
