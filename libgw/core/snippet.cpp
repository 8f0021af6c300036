#include "core/snippet.hpp"

#include "core/character.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

namespace gw {
namespace {

constexpr std::string_view left_out = "…";
constexpr std::size_t longest_character = 4;

/// A character as it is shown.
struct glyph {
  std::size_t bytes = 1;  // of the text
  std::size_t columns = 1;
  std::string shown = {};
};

struct range {
  char32_t first;
  char32_t last;
};

constexpr auto combining =
    std::to_array<range>({{0x300, 0x36f}, {0x1ab0, 0x1aff}, {0x200c, 0x200d}, {0x20d0, 0x20ff}, {0xfe00, 0xfe0f}});
constexpr auto wide = std::to_array<range>({{0x1100, 0x115f},
                                            {0x2e80, 0xa4cf},
                                            {0xac00, 0xd7a3},
                                            {0xf900, 0xfaff},
                                            {0xfe30, 0xfe6f},
                                            {0xff00, 0xff60},
                                            {0xffe0, 0xffe6},
                                            {0x1f300, 0x1faff},
                                            {0x20000, 0x3fffd}});

template <std::size_t Size>
bool is_in(std::array<range, Size> const& ranges, char32_t code) {
  return std::any_of(ranges.begin(), ranges.end(), [code](range r) { return code >= r.first && code <= r.last; });
}

std::string escaped(char32_t code) {
  switch (code) {
    case '\n':
      return "\\n";
    case '\r':
      return "\\r";
    case '\t':
      return "\\t";
    default:
      return fmt::format("\\u{:04x}", static_cast<unsigned>(code));
  }
}

glyph glyph_at(std::string_view text, std::size_t at) {
  auto const c = first_character(text.substr(at));
  if (!c.valid) return {1, 4, fmt::format("\\x{:02x}", static_cast<unsigned char>(text[at]))};
  if (is_unsafe(c.point)) {
    auto shown = escaped(c.point);
    return {c.length, shown.size(), std::move(shown)};
  }
  auto const columns = is_in(combining, c.point) ? 0U : is_in(wide, c.point) ? 2U : 1U;
  return {c.length, columns, std::string(text.substr(at, c.length))};
}

/// Where the character begins that the byte `at` is part of.
std::size_t start_of(std::string_view text, std::size_t at) {
  for (std::size_t back = 1; back < longest_character && back <= at && at < text.size(); ++back) {
    if (glyph_at(text, at - back).bytes > back) return at - back;
  }
  return at;
}

/// Takes characters from `from` on as long as they fit; returns where it stopped.
std::size_t show(std::string_view text, std::size_t from, std::size_t end, std::size_t columns, std::string& to) {
  std::size_t used = 0;
  while (from < end) {
    auto const next = glyph_at(text, from);
    if (used + next.columns > columns) break;
    used += next.columns;
    to += next.shown;
    from += next.bytes;
  }
  return from;
}

std::size_t columns_of(std::string_view text, std::size_t from, std::size_t end) {
  std::size_t columns = 0;
  while (from < end) {
    auto const next = glyph_at(text, from);
    columns += next.columns;
    from += next.bytes;
  }
  return columns;
}

/// The first character so far before `at` that what lies between takes no more than `columns`.
std::size_t back_from(std::string_view text, std::size_t at, std::size_t columns) {
  while (at > 0) {
    auto const before = start_of(text, at - 1);
    auto const needed = glyph_at(text, before).columns;
    if (needed > columns) break;
    columns -= needed;
    at = before;
  }
  return at;
}

}  // namespace

std::string snippet(std::string_view text, std::size_t at, std::string_view indent, std::size_t columns) {
  auto const room = columns - 2;  // one for each "…"
  at = start_of(text, std::min(at, text.size()));
  auto const ahead = std::min(columns_of(text, at, std::min(text.size(), at + room)), room / 2);
  auto const from = back_from(text, at, room - std::max<std::size_t>(ahead, 1));
  std::string shown(from == 0 ? "" : left_out);
  auto const before = columns_of(text, from, at) + (from == 0 ? 0 : 1);
  auto const end = show(text, from, text.size(), room, shown);
  if (end < text.size()) shown += left_out;
  return fmt::format("{0}{1}\n{0}{2:>{3}}\n", indent, shown, '^', before + 1);
}

std::string one_line(std::string_view text, std::size_t columns) {
  std::string shown;
  if (show(text, 0, text.size(), columns, shown) == text.size()) return shown;
  shown.clear();
  show(text, 0, text.size(), columns - 1, shown);
  return shown.append(left_out);
}

}  // namespace gw
