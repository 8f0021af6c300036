#include "wire/json_walk.hpp"
#include "wire/json_walk_blocks.hpp"

#include <array>
#include <cstddef>
#include <cstdint>

// The half of json_walk that reads names and strings.
namespace gw::wire {
namespace {

using blocks::is_digit;
using blocks::is_letter;

constexpr bool is_bare_name(char c) noexcept {
  return is_digit(c) || is_letter(c) || c == '_' || c == '$' || c == '-' || static_cast<unsigned char>(c) >= 0x80;
}
constexpr bool begins_bare_name(char c) noexcept {
  return is_bare_name(c) && !is_digit(c) && c != '-';
}

struct utf8_bytes {
  std::array<char, 4> bytes;
  std::size_t size;
};

utf8_bytes to_utf8(std::uint32_t point) noexcept {
  auto const tail = [point](unsigned shift) { return static_cast<char>(0x80 | ((point >> shift) & 0x3F)); };
  auto const lead = [point](unsigned mark, unsigned shift) { return static_cast<char>(mark | (point >> shift)); };
  if (point < 0x80) return {{static_cast<char>(point)}, 1};
  if (point < 0x800) return {{lead(0xC0, 6), tail(0)}, 2};
  if (point < 0x10000) return {{lead(0xE0, 12), tail(6), tail(0)}, 3};
  return {{lead(0xF0, 18), tail(12), tail(6), tail(0)}, 4};
}

// The character that backslash + `c` stands for; 0 if nothing.
char short_escape(char c) noexcept {
  switch (c) {
    case 'b':
      return '\b';
    case 'f':
      return '\f';
    case 'n':
      return '\n';
    case 'r':
      return '\r';
    case 't':
      return '\t';
    case '"':
    case '\\':
    case '/':
      return c;
    default:
      return 0;
  }
}

}  // namespace

bool json_walk::begin_name(cursor& in) {
  auto const what = depth_ == 1 ? reading::top_name : reading::name;
  if (is_quote(*in.p)) {
    begin_string(in, what);
    return true;
  }
  if (!lenient_ || !begins_bare_name(*in.p)) return fail("a member must begin with its name in quotes");
  reading_ = what;
  matched_ = 0;
  same_ = true;
  state_ = state::bare_name;
  return true;
}

void json_walk::begin_string(cursor& in, reading what) noexcept {
  quote_ = *in.p++;
  state_ = state::string;
  reading_ = what;
  escape_ = escape::none;
  high_ = 0;
  matched_ = 0;
  same_ = true;
}

bool json_walk::read_bare_name(cursor& in) {
  char const* const begin = in.p;
  while (in.p != in.end && is_bare_name(*in.p)) ++in.p;
  return take({begin, static_cast<std::size_t>(in.p - begin)}) && (in.p == in.end || end_name());
}

// Behind the closing quote.
bool json_walk::end_string(stop& what) {
  switch (reading_) {
    case reading::top_name:
    case reading::name:
      return end_name();
    case reading::key_value:
      if (spilled_) value_ = scratch_;
      what = stop::value_ends;
      [[fallthrough]];
    case reading::value:
      state_ = state::comma;
  }
  return true;
}

bool json_walk::end_name() {
  state_ = state::colon;
  same_ = same_ && matched_ == rules_.key.size();
  if (reading_ != reading::top_name || !same_ || !found_) return true;
  return fail("the routing key stands there twice", head_verdict::bad_key);
}

// Decoded bytes of the string or bare name we are in.
bool json_walk::take(std::string_view decoded) {
  if (reading_ == reading::top_name) {
    same_ = same_ && std::string_view{rules_.key}.substr(matched_).starts_with(decoded);
    matched_ += same_ ? decoded.size() : 0;
  } else if (reading_ == reading::key_value) {
    if (scratch_.size() + decoded.size() > max_key_value) {
      return fail("the routing key's value is longer than 1 KiB", head_verdict::bad_key);
    }
    scratch_ += decoded;
    spilled_ = true;
  }
  return true;
}

std::size_t json_walk::plain_front(std::string_view text) const noexcept {
  bool const inside = state_ == state::string && quote_ == '"' && escape_ == escape::none;
  if (!inside || is_judged() || fault_ != head_verdict::found) return 0;
  char const* const end = text.data() + text.size();
  return static_cast<std::size_t>(blocks::find_special(text.data(), end, '"') - text.data());
}

bool json_walk::read_string(cursor& in, stop& what) {
  bool const judged = is_judged();
  while (in.p != in.end) {
    if (escape_ != escape::none) {
      if (!read_escape(*in.p)) return false;
      ++in.p;
      continue;
    }
    char const* const begin = in.p;
    in.p = blocks::find_special(begin, in.end, quote_);
    std::string_view const plain{begin, static_cast<std::size_t>(in.p - begin)};
    bool const ends = in.p != in.end && *in.p == quote_;
    if (ends && reading_ == reading::key_value && !spilled_ && plain.size() <= max_key_value) {
      value_ = plain;
    } else if (judged && !plain.empty() && !take(plain)) {
      return false;
    }
    if (in.p == in.end) return true;
    if (ends) {
      ++in.p;
      return end_string(what);
    }
    if (*in.p != '\\') return fail("a control character in a string");
    if (!judged) {
      state_ = state::skipping;
      escaped_ = false;
      return true;
    }
    escape_ = escape::backslash;
    ++in.p;
  }
  return true;
}

/// The string we are in is read, not only passed over.
bool json_walk::is_judged() const noexcept {
  return reading_ != reading::value || rules_.level == validation::grammar;
}

bool json_walk::fail_half_pair() noexcept {
  auto const verdict = reading_ == reading::key_value ? head_verdict::bad_key : head_verdict::not_json;
  return fail("half a surrogate pair", verdict);
}

bool json_walk::read_escape(char c) {
  switch (escape_) {
    case escape::low_backslash:
      if (c != '\\') return fail_half_pair();
      escape_ = escape::low_u;
      return true;
    case escape::low_u:
      if (c != 'u') return fail_half_pair();
      escape_ = escape::hex;
      hex_left_ = 4;
      return true;
    case escape::hex:
      return read_hex(c);
    default:
      break;
  }
  escape_ = c == 'u' ? escape::hex : escape::none;
  hex_left_ = 4;
  if (c == 'u') return true;
  char const plain = c == '\'' && lenient_ ? c : short_escape(c);
  return plain != 0 ? take({&plain, 1}) : fail("an unknown escape");
}

bool json_walk::read_hex(char c) {
  auto const folded = static_cast<char>(c | 0x20);
  if (!is_digit(c) && (folded < 'a' || folded > 'f')) return fail("an unknown escape");
  unit_ = (unit_ << 4 | static_cast<std::uint32_t>(is_digit(c) ? c - '0' : folded - 'a' + 10)) & 0xFFFF;
  if (--hex_left_ != 0) return true;
  bool const is_low = unit_ >= 0xDC00 && unit_ <= 0xDFFF;
  if (is_low != (high_ != 0)) return fail_half_pair();
  if (unit_ >= 0xD800 && unit_ <= 0xDBFF) {
    high_ = unit_;
    escape_ = escape::low_backslash;
    return true;
  }
  auto const point = is_low ? 0x10000 + ((high_ - 0xD800) << 10) + (unit_ - 0xDC00) : unit_;
  high_ = 0;
  escape_ = escape::none;
  auto const decoded = to_utf8(point);
  return take({decoded.bytes.data(), decoded.size});
}

}  // namespace gw::wire
