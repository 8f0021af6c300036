// The characters of a text that somebody else wrote, one by one. Used wherever such a text is shown to people: the log,
// explanations, the client's terminal. (The data path judges UTF-8 by the block: wire/utf8.)
#pragma once

#include <cstddef>
#include <string_view>

namespace gw {

struct character {
  char32_t point;      // U+FFFD if it is malformed
  std::size_t length;  // bytes of the character, or of the malformed sequence that one U+FFFD stands for
  bool valid;
};

/// The first character of `text`, which is not empty. Malformed sequences end as Unicode 15 section 3.9 advises.
character first_character(std::string_view text) noexcept;

/// What could end a line, move a terminal's cursor, hide itself or reorder what a person reads.
constexpr bool is_unsafe(char32_t point) noexcept {
  bool const control = point < 0x20 || (point >= 0x7f && point <= 0x9f);
  bool const unseen = point == 0x200b || (point >= 0x2060 && point <= 0x206f) || point == 0xfeff ||
                      (point >= 0xfff9 && point <= 0xfffb);
  bool const turns = point == 0x061c || point == 0x200e || point == 0x200f || (point >= 0x2028 && point <= 0x202e);
  return control || unseen || turns;
}

}  // namespace gw
