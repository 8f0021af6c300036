#include "wire/target.hpp"

#include "wire/strict_head_lexis.hpp"
#include "wire/utf8.hpp"

#include <utility>

namespace gw::wire {
namespace {

constexpr head_fault bad(std::string_view why) noexcept {
  return {400, why};
}

judged<std::string> decode(std::string_view raw) {
  std::string out;
  out.reserve(raw.size());
  for (std::size_t i = 0; i < raw.size(); ++i) {
    if (raw[i] == '\\') return bad("the path has a backslash");
    if (raw[i] != '%') {
      out.push_back(raw[i]);
      continue;
    }
    if (raw.size() - i < 3) return bad("the path has a cut percent escape");
    int const high = hex_digit(raw[i + 1]);
    int const low = hex_digit(raw[i + 2]);
    if (high < 0 || low < 0) return bad("the path has a bad percent escape");
    char const c = static_cast<char>(high * 16 + low);
    if (c == '/' || c == '\\') return bad("the path has an escaped slash or backslash");
    if (!is_field_value({&c, 1}) || c == '\t') return bad("the path has an escaped control character");
    out.push_back(c);
    i += 2;
  }
  if (!is_utf8(out)) return bad("the path is not UTF-8");
  return out;
}

/// Resolves the segments of a decoded path that begins with a slash.
judged<std::string> normalise(std::string_view path) {
  std::string out;
  bool ends_in_slash = false;
  while (!path.empty()) {
    path.remove_prefix(1);
    auto const segment = path.substr(0, path.find('/'));
    path.remove_prefix(segment.size());
    auto const name = segment.substr(0, segment.find(';'));
    bool const dots = name == "." || name == "..";
    if (dots && name.size() != segment.size()) return bad("the path has a dot segment with parameters");
    ends_in_slash = dots || segment.empty();
    if (segment == "..") {
      if (out.empty()) return bad("the path climbs above the root");
      out.resize(out.rfind('/'));
    } else if (!ends_in_slash) {
      out.append(1, '/').append(segment);
    }
  }
  if (ends_in_slash) out.push_back('/');
  return out;
}

/// Cuts the first segment, with the slash before it, off `path`.
std::string_view take_segment(std::string_view& path) noexcept {
  auto const segment = path.substr(0, path.find('/', 1));
  path.remove_prefix(segment.size());
  return segment;
}

}  // namespace

judged<split_target> judge_target(std::string_view target) {
  if (!is_origin_form(target)) {
    return bad("the target is not one slash and printable ASCII without a space or a fragment");
  }
  split_target out;
  out.raw_path = target.substr(0, target.find('?'));
  if (out.raw_path.size() < target.size()) out.query = target.substr(out.raw_path.size() + 1);
  auto const decoded = decode(out.raw_path);
  if (!decoded) return decoded.error();
  auto path = normalise(*decoded);
  if (!path) return path.error();
  out.path = *std::move(path);
  return out;
}

std::string encode_path(std::string_view path) {
  constexpr std::string_view digits = "0123456789ABCDEF";
  constexpr std::string_view allowed_too = "/-._~!$&'()*+,;=:@";  // pchar of RFC 3986, beside letters and digits
  std::string out;
  out.reserve(path.size());
  for (char const c : path) {
    bool const alnum = (c >= '0' && c <= '9') || (lower(c) >= 'a' && lower(c) <= 'z');
    if (alnum || allowed_too.find(c) != std::string_view::npos) {
      out.push_back(c);
    } else {
      auto const byte = static_cast<unsigned char>(c);
      out.append(1, '%').append(1, digits[byte >> 4U]).append(1, digits[byte & 15U]);
    }
  }
  return out;
}

bool path_matches(std::string_view pattern, std::string_view path) noexcept {
  while (pattern != "/**") {
    if (pattern.empty() || path.empty()) return pattern.empty() && path.empty();
    auto const wanted = take_segment(pattern);
    auto const found = take_segment(path);
    bool const matches = wanted == "/*" ? found.size() > 1 : wanted == found;
    if (!matches) return false;
  }
  return true;
}

}  // namespace gw::wire
