#include "wire/method_path.hpp"

#include "wire/strict_head_lexis.hpp"

#include <algorithm>
#include <cstddef>

namespace gw::wire {
namespace {

constexpr std::size_t max_method = 1024;
constexpr std::size_t max_service_name = 63;

constexpr bool is_alphanumeric(char c) noexcept {
  auto const folded = static_cast<char>(c | 0x20);
  return (c >= '0' && c <= '9') || (folded >= 'a' && folded <= 'z');
}

// Cuts one byte off the front of `text`, which is not empty; a malformed percent form stands for itself.
unsigned char next_byte(std::string_view& text) noexcept {
  if (text[0] == '%' && text.size() >= 3) {
    int const high = hex_digit(text[1]);
    int const low = hex_digit(text[2]);
    if (high >= 0 && low >= 0) {
      text.remove_prefix(3);
      return static_cast<unsigned char>(high << 4 | low);
    }
  }
  auto const plain = static_cast<unsigned char>(text[0]);
  text.remove_prefix(1);
  return plain;
}

}  // namespace

path_verdict judge_method(std::string_view decoded) noexcept {
  if (decoded.size() > max_method) return path_verdict::bad;
  bool dots_only = true;  // of the segment so far
  std::size_t dots = 0;
  unsigned char before = 0;
  auto const is_dot_segment = [&] { return dots_only && (dots == 1 || dots == 2); };
  while (!decoded.empty()) {
    auto const byte = next_byte(decoded);
    // C2 80 to C2 9F are the control characters U+0080 to U+009F.
    bool const control = byte < 0x20 || byte == 0x7F || (before == 0xC2 && byte >= 0x80 && byte <= 0x9F);
    if (control || byte == '\\') return path_verdict::bad;
    before = byte;
    if (byte == '/') {
      if (is_dot_segment()) return path_verdict::bad;
      dots_only = true;
      dots = 0;
    } else if (byte == '.') {
      ++dots;
    } else {
      dots_only = false;
    }
  }
  return is_dot_segment() ? path_verdict::bad : path_verdict::ok;
}

bool is_service_name(std::string_view name) noexcept {
  if (name.empty() || name.size() > max_service_name || !is_alphanumeric(name[0])) return false;
  auto const allowed = [](char c) { return is_alphanumeric(c) || c == '.' || c == '_' || c == '-'; };
  return std::all_of(name.begin(), name.end(), allowed) && name.find("..") == std::string_view::npos;
}

}  // namespace gw::wire
