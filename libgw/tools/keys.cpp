#include "tools/keys.hpp"

#include <algorithm>

namespace gw::tools {
namespace {

constexpr std::size_t longest_sequence = 32;  // what is longer is no key of any terminal

/// Bytes of the character that begins with this one; 1 for those that begin none.
std::size_t size_of(unsigned char lead) noexcept {
  if (lead >= 0xc2 && lead <= 0xdf) return 2;
  if (lead >= 0xe0 && lead <= 0xef) return 3;
  if (lead >= 0xf0 && lead <= 0xf4) return 4;
  return 1;
}

bool continues(char c) noexcept {
  return (static_cast<unsigned char>(c) & 0xc0) == 0x80;
}

std::size_t sequence(std::string_view bytes) noexcept {
  if (bytes.size() < 2) return 0;
  if (bytes[1] == 'O') return bytes.size() < 3 ? 0 : 3;
  if (bytes[1] != '[') return 2;
  auto const is_final = [](char c) { return c >= 0x40 && c <= 0x7e; };
  auto const* const end = std::find_if(bytes.begin() + 2, bytes.end(), is_final);
  if (end != bytes.end()) return static_cast<std::size_t>(end - bytes.begin()) + 1;
  return bytes.size() >= longest_sequence ? bytes.size() : 0;
}

}  // namespace

character first_character(std::string_view text) noexcept {
  auto const lead = static_cast<unsigned char>(text.front());
  if (lead < 0x80) return {lead, 1};
  auto const size = size_of(lead);
  if (size == 1 || text.size() < size) return {no_character, 1};
  char32_t value = lead & (0xffU >> (size + 1));
  for (std::size_t i = 1; i < size; ++i) {
    if (!continues(text[i])) return {no_character, 1};
    value = value << 6U | (static_cast<unsigned char>(text[i]) & 0x3fU);
  }
  constexpr char32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
  bool const valid = value >= least[size] && value <= 0x10ffff && (value < 0xd800 || value > 0xdfff);
  return valid ? character{value, size} : character{no_character, 1};
}

std::size_t first_key(std::string_view bytes) noexcept {
  if (bytes.empty()) return 0;
  if (bytes.front() == '\x1b') return sequence(bytes);
  auto const size = size_of(static_cast<unsigned char>(bytes.front()));
  if (bytes.size() >= size) return first_character(bytes).size;
  // Not all of it is there; what is there must at least belong together.
  return std::all_of(bytes.begin() + 1, bytes.end(), continues) ? 0 : 1;
}

}  // namespace gw::tools
