// Texts without the white space around them. Used wherever words of people or of peers are read.
#pragma once

#include <string_view>

namespace gw {

/// `text` without the characters of `blanks` at both ends; empty if there is nothing else.
constexpr std::string_view trimmed(std::string_view text, std::string_view blanks = " \t\r\n") noexcept {
  auto const first = text.find_first_not_of(blanks);
  if (first == std::string_view::npos) return text.substr(0, 0);
  return text.substr(first, text.find_last_not_of(blanks) - first + 1);
}

}  // namespace gw
