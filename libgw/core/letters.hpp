// Texts in which the case of ASCII letters does not matter: names of HTTP, of registries, of keys. Used wherever such
// are compared.
#pragma once

#include <algorithm>
#include <string>
#include <string_view>

namespace gw {

constexpr char lower(char c) noexcept {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c;
}

inline std::string lower(std::string_view text) {
  std::string written(text);
  for (auto& c : written) c = lower(c);
  return written;
}

/// Equal but for the case of ASCII letters.
constexpr bool same_letters(std::string_view a, std::string_view b) noexcept {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](char x, char y) { return lower(x) == lower(y); });
}

}  // namespace gw
