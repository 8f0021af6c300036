#include "tools/printable.hpp"

#include "core/character.hpp"

#include <fmt/format.h>

#include <iterator>

namespace gw::tools {
std::string printable(std::string_view text, bool lines) {
  std::string shown;
  while (!text.empty()) {
    auto const [c, length, valid] = first_character(text);
    auto const bytes = text.substr(0, valid ? length : 1);
    text.remove_prefix(bytes.size());
    if (!valid) {
      fmt::format_to(std::back_inserter(shown), "\\x{:02x}", static_cast<unsigned char>(bytes.front()));
    } else if ((lines && (c == '\n' || c == '\t')) || !is_unsafe(c)) {
      shown += bytes;
    } else if (c < 0x100) {
      fmt::format_to(std::back_inserter(shown), "\\x{:02x}", static_cast<unsigned>(c));
    } else {
      fmt::format_to(std::back_inserter(shown), "\\u{:04x}", static_cast<unsigned>(c));
    }
  }
  return shown;
}

std::string markup(std::string_view text) {
  std::string made;
  for (char const c : text) {
    switch (c) {
      case '&':
        made += "&amp;";
        break;
      case '<':
        made += "&lt;";
        break;
      case '>':
        made += "&gt;";
        break;
      case '"':
        made += "&quot;";
        break;
      case '\n':
        made += "&#10;";
        break;
      default:
        made += static_cast<unsigned char>(c) < 0x20 ? '?' : c;
    }
  }
  return made;
}

}  // namespace gw::tools
