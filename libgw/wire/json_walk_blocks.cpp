#include "wire/json_walk_blocks.hpp"

#include <algorithm>

namespace gw::wire::blocks {
namespace {

// A name of such letters can be spelled only as it stands or with \u00XX.
bool is_plain(std::string_view name) noexcept {
  return !name.empty() && std::all_of(name.begin(), name.end(), [](char c) {
    return c >= 0x20 && c < 0x7F && c != '"' && c != '\\' && c != '/';
  });
}

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
  // The last window overlaps the one before it, so that hardly a byte is left for the loop below.
  for (bool more = text.size() >= window; more;) {
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
