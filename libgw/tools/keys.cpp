#include "tools/keys.hpp"

#include "core/character.hpp"

#include <algorithm>

namespace gw::tools {
namespace {

constexpr std::size_t longest_sequence = 32;  // what is longer is no key of any terminal

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

std::size_t first_key(std::string_view bytes) noexcept {
  if (bytes.empty()) return 0;
  if (bytes.front() == '\x1b') return sequence(bytes);
  auto const c = first_character(bytes);
  if (c.valid) return c.length;
  auto const lead = static_cast<unsigned char>(bytes.front());
  bool const goes_on = lead >= 0xc2 && lead <= 0xf4 && c.length == bytes.size();
  return goes_on ? 0 : 1;
}

}  // namespace gw::tools
