#include "route/json_fields.hpp"

#include "core/json_pointer.hpp"
#include "wire/json_walk.hpp"
#include "wire/json_walk_blocks.hpp"

#include <algorithm>
#include <array>
#include <charconv>

namespace gw::route {
namespace {

namespace blocks = wire::blocks;

constexpr std::size_t nowhere = static_cast<std::size_t>(-1);  // a place that no pointer leads to

/// The element that a part of a pointer means in an array (RFC 6901 section 4): digits without a leading zero.
std::optional<std::size_t> array_index(std::string_view part) {
  if (part.empty() || (part.size() > 1 && part.front() == '0')) return std::nullopt;
  std::size_t index = 0;
  auto const [end, fault] = std::from_chars(part.data(), part.data() + part.size(), index);
  if (fault != std::errc{} || end != part.data() + part.size()) return std::nullopt;
  return index;
}

void append_utf8(std::string& to, std::uint32_t point) {
  auto const tail = [&](unsigned shift) { to += static_cast<char>(0x80 | ((point >> shift) & 0x3F)); };
  if (point < 0x80) {
    to += static_cast<char>(point);
    return;
  }
  if (point < 0x800) {
    to += static_cast<char>(0xC0 | (point >> 6));
  } else if (point < 0x10000) {
    to += static_cast<char>(0xE0 | (point >> 12));
    tail(6);
  } else {
    to += static_cast<char>(0xF0 | (point >> 18));
    tail(12);
    tail(6);
  }
  tail(0);
}

constexpr bool is_bare_name(char c) noexcept {
  return blocks::is_digit(c) || blocks::is_letter(c) || c == '_' || c == '$' || c == '-' ||
         static_cast<unsigned char>(c) >= 0x80;
}

}  // namespace

std::string_view pointer_fault(std::string_view pointer) {
  if (pointer.empty()) return "the whole message is no field";
  if (auto const fault = json_pointer_fault(pointer); !fault.empty()) return fault;
  auto const depth = static_cast<std::size_t>(std::count(pointer.begin(), pointer.end(), '/'));
  return depth > wire::max_json_depth ? "no message is nested as deep" : "";
}

std::size_t json_fields::add(std::string_view pointer) {
  std::size_t at = 0;
  while (!pointer.empty()) {
    pointer.remove_prefix(1);
    auto const part = pointer.substr(0, pointer.find('/'));
    pointer.remove_prefix(part.size());
    auto const name = json_pointer_name(part);
    auto const& children = nodes_[at].children;
    auto const known =
        std::find_if(children.begin(), children.end(), [&](std::size_t child) { return nodes_[child].name == name; });
    if (known != children.end()) {
      at = *known;
      continue;
    }
    nodes_[at].children.push_back(nodes_.size());
    nodes_.push_back({.parent = at, .name = name, .index = array_index(name)});
    at = nodes_.size() - 1;
  }
  if (!nodes_[at].field) {
    nodes_[at].field = leaf_of_.size();
    leaf_of_.push_back(at);
    found_.emplace_back();
    decoded_.emplace_back();
  }
  return *nodes_[at].field;
}

/// One reading of one text. Its functions return false at the first fault.
struct json_fields::reader {
  struct level {
    bool object;
    std::size_t node;
    std::size_t members;  // or elements, so far
  };

  json_fields& to;
  char const* p;
  char const* end;
  bool may_be_lenient;
  bool lenient = false;
  std::size_t depth = 0;
  std::array<level, wire::max_json_depth> levels{};

  bool run() {
    skip_blanks();
    if (!at('{') || !open(0)) return false;
    bool behind_comma = false;
    while (depth != 0) {
      auto& top = levels[depth - 1];
      skip_blanks();
      if (!behind_comma && at(top.object ? '}' : ']')) {
        ++p;
        --depth;
      } else if (!behind_comma && top.members != 0) {
        if (!take(',')) return false;
        behind_comma = true;
      } else {
        behind_comma = false;
        if (!read_member(top)) return false;
      }
    }
    skip_blanks();
    return p == end;
  }

  void skip_blanks() {
    while (p != end && blocks::is_blank(*p)) ++p;
  }
  bool at(char c) const { return p != end && *p == c; }
  bool take(char c) { return at(c) && (++p, true); }
  bool is_quote(char c) const { return c == '"' || (c == '\'' && lenient); }

  bool open(std::size_t node) {
    if (depth == levels.size()) return false;
    levels[depth++] = {*p++ == '{', node, 0};
    return true;
  }

  bool read_member(level& within) {
    auto node = nowhere;
    if (within.object) {
      if (depth == 1 && within.members == 0) lenient = may_be_lenient && at('\'');
      std::string_view name;
      if (!read_name(name)) return false;
      node = child(within.node, [&](json_fields::node const& n) { return n.name == name; });
      skip_blanks();
      if (!take(':')) return false;
      skip_blanks();
    } else {
      node = child(within.node, [&](json_fields::node const& n) { return n.index == within.members; });
    }
    ++within.members;
    return read_value(node);
  }

  /// Finds the place and notes that it was seen.
  template <class Is>
  std::size_t child(std::size_t of, Is is) {
    if (of == nowhere) return nowhere;
    for (auto const number : to.nodes_[of].children) {
      auto& n = to.nodes_[number];
      if (!is(n)) continue;
      n.twice = n.seen;
      n.seen = true;
      return number;
    }
    return nowhere;
  }

  bool read_value(std::size_t node) {
    if (p == end) return false;
    auto const number = node == nowhere ? std::nullopt : to.nodes_[node].field;
    if (*p == '{' || *p == '[') {
      if (number) to.found_[*number] = {field::kind::nested};
      return open(node);
    }
    std::string_view text;
    if (is_quote(*p)) {
      if (!read_string(text, number ? to.decoded_[*number] : to.name_)) return false;
    } else {
      char const* const begin = p;
      if (!(blocks::is_letter(*p) ? read_word() : read_number())) return false;
      text = {begin, static_cast<std::size_t>(p - begin)};
    }
    if (number) to.found_[*number] = {field::kind::scalar, text};
    return true;
  }

  bool read_name(std::string_view& name) {
    if (p != end && is_quote(*p)) return read_string(name, to.name_);
    if (!lenient || p == end || !is_bare_name(*p) || blocks::is_digit(*p) || *p == '-') return false;
    char const* const begin = p;
    while (p != end && is_bare_name(*p)) ++p;
    name = {begin, static_cast<std::size_t>(p - begin)};
    return true;
  }

  /// `text` points into the message or, if escapes stand in it, into `decoded`.
  bool read_string(std::string_view& text, std::string& decoded) {
    char const quote = *p++;
    char const* const begin = p;
    p = blocks::find_special(p, end, quote);
    if (at(quote)) {
      text = {begin, static_cast<std::size_t>(p++ - begin)};
      return true;
    }
    decoded.assign(begin, p);
    while (!at(quote)) {
      if (!take('\\') || !read_escape(decoded)) return false;
      char const* const plain = p;
      p = blocks::find_special(p, end, quote);
      decoded.append(plain, p);
    }
    ++p;
    text = decoded;
    return true;
  }

  bool read_escape(std::string& decoded) {
    constexpr std::string_view letters = "bfnrt\"\\/";
    constexpr std::string_view meanings = "\b\f\n\r\t\"\\/";
    if (p == end) return false;
    char const c = *p++;
    if (c == 'u') return read_code_point(decoded);
    auto const known = letters.find(c);
    if (known == letters.npos && !(c == '\'' && lenient)) return false;
    decoded += known == letters.npos ? c : meanings[known];
    return true;
  }

  /// Behind `\u`; half a surrogate pair is a fault.
  bool read_code_point(std::string& decoded) {
    std::uint32_t point = 0;
    if (!read_hex(point) || (point >= 0xDC00 && point <= 0xDFFF)) return false;
    if (point >= 0xD800 && point <= 0xDBFF) {
      std::uint32_t low = 0;
      if (!take('\\') || !take('u') || !read_hex(low) || low < 0xDC00 || low > 0xDFFF) return false;
      point = 0x10000 + ((point - 0xD800) << 10) + (low - 0xDC00);
    }
    append_utf8(decoded, point);
    return true;
  }

  bool read_hex(std::uint32_t& unit) {
    if (end - p < 4) return false;
    auto const [stop, fault] = std::from_chars(p, p + 4, unit, 16);
    if (fault != std::errc{} || stop != p + 4) return false;
    p += 4;
    return true;
  }

  bool read_word() {
    for (std::string_view const word : {"true", "false", "null"}) {
      if (!std::string_view{p, static_cast<std::size_t>(end - p)}.starts_with(word)) continue;
      p += word.size();
      return true;
    }
    return false;
  }

  bool read_number() {
    if (at('-')) ++p;
    if (!take('0') && !read_digits()) return false;
    if (take('.') && !read_digits()) return false;
    if (!at('e') && !at('E')) return true;
    ++p;
    if (at('+') || at('-')) ++p;
    return read_digits();
  }

  bool read_digits() {
    char const* const begin = p;
    while (p != end && blocks::is_digit(*p)) ++p;
    return p != begin;
  }
};

bool json_fields::read(std::string_view text, bool lenient) {
  for (auto& n : nodes_) n.seen = n.twice = false;
  std::fill(found_.begin(), found_.end(), field{});
  reader one{.to = *this, .p = text.data(), .end = text.data() + text.size(), .may_be_lenient = lenient};
  if (!one.run()) return false;
  for (std::size_t i = 0; i < leaf_of_.size(); ++i) {
    for (auto at = leaf_of_[i]; at != 0; at = nodes_[at].parent) {
      if (nodes_[at].twice) found_[i] = {field::kind::twice};
    }
  }
  return true;
}

}  // namespace gw::route
