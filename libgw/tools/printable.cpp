#include "tools/printable.hpp"

#include "tools/keys.hpp"

#include <fmt/format.h>

#include <iterator>

namespace gw::tools {
namespace {

/// Moves the cursor, ends a line, or makes what follows look like something else.
bool is_dangerous(char32_t c) {
  bool const control = c < 0x20 || (c >= 0x7f && c < 0xa0);
  bool const separator = c == 0x2028 || c == 0x2029;
  bool const turns =
      c == 0x061c || c == 0x200e || c == 0x200f || (c >= 0x202a && c <= 0x202e) || (c >= 0x2066 && c <= 0x2069);
  return control || separator || turns;
}

}  // namespace

std::string printable(std::string_view text, bool lines) {
  std::string shown;
  while (!text.empty()) {
    auto const [c, size] = first_character(text);
    auto const bytes = text.substr(0, size);
    text.remove_prefix(size);
    if (c == no_character) {
      fmt::format_to(std::back_inserter(shown), "\\x{:02x}", static_cast<unsigned char>(bytes.front()));
    } else if ((lines && (c == '\n' || c == '\t')) || !is_dangerous(c)) {
      shown += bytes;
    } else if (c < 0x100) {
      fmt::format_to(std::back_inserter(shown), "\\x{:02x}", static_cast<unsigned>(c));
    } else {
      fmt::format_to(std::back_inserter(shown), "\\u{:04x}", static_cast<unsigned>(c));
    }
  }
  return shown;
}

}  // namespace gw::tools
