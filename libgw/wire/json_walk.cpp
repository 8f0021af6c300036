#include "wire/json_walk.hpp"

#include "wire/json_walk_blocks.hpp"

#include <array>
#include <cstddef>
#include <cstring>
#include <utility>

namespace gw::wire {
namespace {

using blocks::is_digit;
using blocks::is_letter;

constexpr bool is_scalar(char c) noexcept {
  return is_digit(c) || is_letter(c) || c == '-' || c == '+' || c == '.' || c == '_';
}
constexpr bool is_object(char bracket) noexcept {
  return bracket == '{' || bracket == '}';
}

}  // namespace

json_walk::json_walk(head_rules rules) : rules_{std::move(rules)} {
  char const* const end = rules_.key.data() + rules_.key.size();
  plain_key_ = blocks::find_special(rules_.key.data(), end, '"') == end;
}

void json_walk::restart() noexcept {
  state_ = state::start;
  lenient_ = false;
  found_ = false;
  depth_ = 0;
  kinds_ = 0;
  value_ = {};
  fault_ = head_verdict::found;
  why_ = {};
}

bool json_walk::fail(std::string_view why, head_verdict verdict) noexcept {
  why_ = why;
  fault_ = verdict;
  return false;
}

json_walk::stop json_walk::run(std::string_view& text) {
  cursor in{text.data(), text.data() + text.size()};
  auto what = stop::used_up;
  bool going = fault_ == head_verdict::found;
  while (going && what == stop::used_up && in.p != in.end) {
    switch (state_) {
      case state::bare_name:
        going = read_bare_name(in);
        break;
      case state::string:
        going = read_string(in, what);
        break;
      case state::number:
        going = read_number(in);
        break;
      case state::literal:
        going = read_literal(in);
        break;
      case state::skipping:
        going = skip(in);
        break;
      case state::scalar:
        while (in.p != in.end && is_scalar(*in.p)) ++in.p;
        if (in.p != in.end) state_ = state::comma;
        break;
      default:
        while (in.p != in.end && blocks::is_blank(*in.p)) ++in.p;
        if (in.p != in.end) going = step(in, what);
    }
  }
  text = {in.p, static_cast<std::size_t>(in.end - in.p)};
  return going ? what : stop::fault;
}

bool json_walk::jump(std::string_view& text) noexcept {
  auto const& key = rules_.key;
  auto const behind_name = key.size() + 3;
  if (!plain_key_ || text.size() < behind_name + 3 || text[0] != '{' || text[1] != '"' || text[behind_name - 1] != '"')
    return false;
  if (std::memcmp(text.data() + 2, key.data(), key.size()) != 0) return false;
  char const* p = text.data() + behind_name;
  char const* const end = text.data() + text.size();
  if (*p++ != ':') return false;
  if (*p == ' ') ++p;
  if (*p++ != '"') return false;
  char const* const quote = blocks::find_special(p, end, '"');
  value_ = {p, static_cast<std::size_t>(quote - p)};
  if (quote == end || *quote != '"' || value_.size() > max_key_value) return false;
  state_ = state::comma;
  depth_ = 1;
  kinds_ = 1;
  found_ = true;
  text.remove_prefix(static_cast<std::size_t>(quote + 1 - text.data()));
  return true;
}

// At the first byte of a token, or at punctuation.
bool json_walk::step(cursor& in, stop& what) {
  char const c = *in.p;
  switch (state_) {
    case state::start:
      if (c != '{') return fail("not a JSON object");
      return open_bracket(in);
    case state::first_name:
      if (c == '}') return close_bracket(in);
      if (depth_ == 1) lenient_ = c == '\'' && rules_.lenient;
      return begin_name(in);
    case state::name:
      return begin_name(in);
    case state::colon:
      if (c != ':') return fail("a colon is missing behind a name");
      ++in.p;
      state_ = reading_ == reading::top_name && same_ ? state::key_colon : state::value;
      return true;
    case state::key_colon:
      state_ = state::key_value;
      what = stop::value_begins;
      return true;
    case state::key_value:
      return begin_key_value(in);
    case state::first_element:
      if (c == ']') return close_bracket(in);
      return begin_value(in);
    case state::value:
      return begin_value(in);
    case state::comma:
      if (c == '}' || c == ']') return close_bracket(in);
      if (c != ',') return fail("a comma or a bracket is missing behind a value");
      ++in.p;
      state_ = (kinds_ & 1) != 0 ? state::name : state::value;
      return true;
    default:
      if (rules_.level != validation::routing || !found_) return fail("bytes behind the end of the object");
      in.p = in.end;
      return true;
  }
}

bool json_walk::open_bracket(cursor& in) {
  if (!push(*in.p)) return false;
  state_ = is_object(*in.p++) ? state::first_name : state::first_element;
  if (depth_ > 1 && rules_.level != validation::grammar) {
    state_ = state::skipping;
    quote_ = 0;
    escaped_ = false;
  }
  return true;
}

bool json_walk::close_bracket(cursor& in) {
  if (!pop(*in.p)) return false;
  ++in.p;
  state_ = depth_ == 0 ? state::end : state::comma;
  return true;
}

bool json_walk::push(char bracket) {
  if (depth_ == max_json_depth) return fail("nested too deep");
  ++depth_;
  kinds_ = kinds_ << 1 | (is_object(bracket) ? 1 : 0);
  return true;
}

bool json_walk::pop(char bracket) {
  if (is_object(bracket) != ((kinds_ & 1) != 0)) return fail("brackets do not match");
  --depth_;
  kinds_ >>= 1;
  return true;
}

bool json_walk::begin_value(cursor& in) {
  char const c = *in.p;
  if (is_quote(c)) {
    begin_string(in, reading::value);
    return true;
  }
  if (c == '{' || c == '[') return open_bracket(in);
  if (rules_.level != validation::grammar) {
    state_ = state::scalar;
    return is_scalar(c) || fail("a value is missing");
  }
  state_ = state::literal;
  switch (c) {
    case 't':
      literal_ = "true";
      return true;
    case 'f':
      literal_ = "false";
      return true;
    case 'n':
      literal_ = "null";
      return true;
    default:
      break;
  }
  state_ = state::number;
  digits_ = c == '-' ? digits::minus : c == '0' ? digits::zero : digits::whole;
  if (c != '-' && !is_digit(c)) return fail("a value is missing");
  ++in.p;
  return true;
}

bool json_walk::begin_key_value(cursor& in) {
  char const c = *in.p;
  found_ = true;
  if (is_quote(c)) {
    begin_string(in, reading::key_value);
    scratch_.clear();
    spilled_ = false;
    return true;
  }
  if (c == '{' || c == '[' || is_scalar(c)) return fail("the routing key is not a string", head_verdict::bad_key);
  return fail("a value is missing");
}

bool json_walk::read_number(cursor& in) {
  for (; in.p != in.end; ++in.p) {
    char const c = *in.p;
    bool const digit = is_digit(c);
    bool const exponent = c == 'e' || c == 'E';
    switch (digits_) {
      case digits::minus:
        if (!digit) return fail("a malformed number");
        digits_ = c == '0' ? digits::zero : digits::whole;
        continue;
      case digits::point:
        if (!digit) return fail("a malformed number");
        digits_ = digits::fraction;
        continue;
      case digits::exponent:
        if (c == '+' || c == '-') {
          digits_ = digits::sign;
          continue;
        }
        [[fallthrough]];
      case digits::sign:
        if (!digit) return fail("a malformed number");
        digits_ = digits::power;
        continue;
      case digits::whole:
        if (digit) continue;
        [[fallthrough]];
      case digits::zero:
        if (c != '.' && !exponent) break;
        digits_ = exponent ? digits::exponent : digits::point;
        continue;
      case digits::fraction:
        if (!digit && !exponent) break;
        if (exponent) digits_ = digits::exponent;
        continue;
      case digits::power:
        if (!digit) break;
        continue;
    }
    state_ = state::comma;
    return true;
  }
  return true;
}

bool json_walk::read_literal(cursor& in) {
  for (; in.p != in.end && !literal_.empty(); ++in.p, literal_.remove_prefix(1)) {
    if (*in.p != literal_.front()) return fail("an unknown word");
  }
  if (literal_.empty()) state_ = state::comma;
  return true;
}

// Until the top level is reached again: what is skipped is only matched, never read.
bool json_walk::skip(cursor& in) {
  while (state_ == state::skipping && in.p != in.end) {
    auto const left = static_cast<std::size_t>(in.end - in.p);
    if (lenient_) {
      if (!skip_byte(*in.p)) return false;
      ++in.p;
    } else if (left >= blocks::size) {
      if (!skip_block(in, in.p, blocks::size)) return false;
    } else {
      std::array<char, blocks::size> padded;
      padded.fill(' ');
      std::memcpy(padded.data(), in.p, left);
      if (!skip_block(in, padded.data(), left)) return false;
    }
  }
  return true;
}

void json_walk::surface() noexcept {
  state_ = state::comma;
  quote_ = 0;
  escaped_ = false;
}

bool json_walk::skip_byte(char c) {
  if (quote_ != 0) {
    if (blocks::is_control(c)) return fail("a control character in a string");
    if (escaped_) {
      escaped_ = false;
    } else if (c == quote_) {
      quote_ = 0;
      if (depth_ == 1) surface();
    } else {
      escaped_ = c == '\\';
    }
    return true;
  }
  if (is_quote(c)) {
    quote_ = c;
  } else if (c == '{' || c == '[') {
    return push(c);
  } else if (c == '}' || c == ']') {
    if (!pop(c)) return false;
    if (depth_ == 1) surface();
  } else if (c == '\\' || (blocks::is_control(c) && !blocks::is_blank(c))) {
    return fail("a stray byte between values");
  }
  return true;
}

// `block` = the next `length` bytes, followed by blanks up to the size of a block.
bool json_walk::skip_block(cursor& in, char const* block, std::size_t length) {
  auto const m = blocks::classify(block);
  if (m.quiet() && !escaped_) {
    in.p += length;
    return true;
  }
  auto quotes = m.quotes;
  std::uint64_t backslashes = 0;
  if (m.rare != 0 || escaped_) {
    backslashes = blocks::positions(block, '\\');
    auto const escaped = blocks::escaped(backslashes, escaped_);
    if (length < blocks::size) escaped_ = (escaped >> length & 1) != 0;
    quotes &= ~escaped;
  }
  auto const inside = blocks::parity(quotes) ^ (quote_ != 0 ? ~std::uint64_t{0} : 0);
  std::uint64_t stray = 0;
  if (m.rare != 0) {
    auto const breaks =
        blocks::positions(block, '\n') | blocks::positions(block, '\r') | blocks::positions(block, '\t');
    stray = (inside & (m.rare & ~backslashes)) | (~inside & (m.rare & ~breaks));
  }
  auto const begin = in.p;
  auto stops = depth_ == 1 ? quotes : m.brackets & ~inside;
  for (; stops != 0; stops &= stops - 1) {
    auto const at = __builtin_ctzll(stops);
    if (stray != 0 && __builtin_ctzll(stray) < at) break;
    in.p = begin + at;
    char const c = block[at];
    if (depth_ > 1 && !(c == '{' || c == '[' ? push(c) : pop(c))) return false;
    if (depth_ == 1) {
      ++in.p;
      surface();
      return true;
    }
  }
  if (stray != 0) {
    in.p = begin + __builtin_ctzll(stray);
    return fail("a stray byte between values or in a string");
  }
  in.p = begin + length;
  quote_ = (inside >> 63) != 0 ? '"' : 0;
  return true;
}

}  // namespace gw::wire
