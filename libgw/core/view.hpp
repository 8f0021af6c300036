// Bytes as text.
#pragma once

#include <span>
#include <string_view>

namespace gw {

inline std::string_view view(std::span<char const> bytes) noexcept {
  return {bytes.data(), bytes.size()};
}

}  // namespace gw
