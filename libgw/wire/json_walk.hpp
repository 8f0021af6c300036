// Walks one JSON message from its first byte, in pieces of any size, and stops at the value of one top-level member.
// Under the head scanner, the watch over streamed messages and the search for correlation keys. Pure, iterative,
// linear; it never builds a tree, and UTF-8 is the caller's business.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace gw::wire {

/// How much of a message is judged (PRODUCT.md section 3.6).
enum class validation : std::uint8_t {
  routing,    // structure up to the routing key; behind it only what a second one needs
  structure,  // balance, depth, string ends and trailing bytes of the whole message
  grammar,    // RFC 8259
};

struct head_rules {
  std::string key = "method";  // name of a top-level member, decoded
  validation level = validation::routing;
  bool lenient = true;  // a text whose first name opens with ' may use single quotes and names without quotes
};

enum class head_verdict : std::uint8_t {
  found,
  undecided,  // of a prefix only: the key may still come
  not_json,
  no_key,
  bad_key,  // it stands there twice, is not a string, is longer than max_key_value or has half a surrogate pair
};

inline constexpr std::size_t max_json_depth = 64;
inline constexpr std::size_t max_key_value = 1024;  // bytes, decoded

/// What is at the top level is always read member by member. Inside of nested values the levels differ: `grammar` reads
/// everything, the others only match brackets and string ends.
class json_walk {
 public:
  enum class stop : std::uint8_t {
    used_up,       // give more, or see closed()
    value_begins,  // at the first byte of the key's value, which may be of any type
    value_ends,    // behind the key's value, which is a string: value()
    fault,         // at the byte at fault: fault(), why(); the walk is over
  };

  explicit json_walk(head_rules rules);
  void restart() noexcept;

  /// For the usual message, whose key comes first and without escapes: the same as running up to value_ends, in one
  /// step. Only at the start. False: nothing was done.
  bool jump(std::string_view& text) noexcept;

  /// Reads on until it stops, and cuts what was read off the front of `text`.
  stop run(std::string_view& text);

  /// Bytes at the front of `text`, which comes next, that run() would pass over: the inside of a string that nobody
  /// judges, without a quote, a backslash or a control character. run() may go on behind them.
  std::size_t plain_front(std::string_view text) const noexcept;

  /// The object is complete. Behind it only blanks may stand, or anything (`routing`, once the key was found).
  bool closed() const noexcept { return state_ == state::end; }
  /// The text is read leniently (known from the first name on).
  bool lenient() const noexcept { return lenient_; }
  /// After value_ends: decoded. Points into the text, or into the walk if an escape or a cut stood in it.
  std::string_view value() const noexcept { return value_; }
  head_verdict fault() const noexcept { return fault_; }
  std::string_view why() const noexcept { return why_; }

 private:
  enum class state : std::uint8_t {
    start,
    first_name,  // behind {: a name or }
    name,        // behind a comma
    bare_name,   // inside a name without quotes
    colon,
    key_colon,  // behind the colon of the key
    value,
    key_value,  // as value, but of the key
    first_element,
    string,
    scalar,  // a run of letters, digits and signs that nobody judges
    number,
    literal,
    comma,
    skipping,  // inside a nested value, or (at depth 1) inside a string with escapes, that nobody judges
    end,
  };
  enum class reading : std::uint8_t { top_name, name, key_value, value };
  enum class escape : std::uint8_t { none, backslash, hex, low_backslash, low_u };
  enum class digits : std::uint8_t { minus, zero, whole, point, fraction, exponent, sign, power };

  struct cursor {
    char const* p;
    char const* end;
  };

  bool step(cursor& in, stop& what);
  bool open_bracket(cursor& in);
  bool close_bracket(cursor& in);
  bool push(char bracket);
  bool pop(char bracket);
  bool begin_name(cursor& in);
  bool begin_value(cursor& in);
  bool begin_key_value(cursor& in);
  void begin_string(cursor& in, reading what) noexcept;
  bool read_bare_name(cursor& in);
  bool read_string(cursor& in, stop& what);
  bool read_escape(char c);
  bool read_hex(char c);
  bool is_judged() const noexcept;
  bool fail_half_pair() noexcept;
  bool read_number(cursor& in);
  bool read_literal(cursor& in);
  bool end_string(stop& what);
  bool end_name();
  bool take(std::string_view decoded);
  bool skip(cursor& in);
  bool skip_byte(char c);
  bool skip_block(cursor& in, char const* block, std::size_t length);
  void surface() noexcept;
  bool is_quote(char c) const noexcept { return c == '"' || (c == '\'' && lenient_); }
  // All of these return false at a fault, with the cursor at it.
  bool fail(std::string_view why, head_verdict verdict = head_verdict::not_json) noexcept;

  head_rules rules_;
  bool plain_key_ = false;  // nothing in the key needs an escape
  state state_ = state::start;
  reading reading_ = reading::value;
  escape escape_ = escape::none;
  digits digits_ = digits::minus;
  char quote_ = 0;        // that ends the string we are in; 0 outside of strings (skipping)
  bool escaped_ = false;  // skipping: the next byte stands behind a backslash
  bool lenient_ = false;
  bool same_ = false;     // the name read so far is the beginning of the key
  bool found_ = false;    // the key was read
  bool spilled_ = false;  // the value is being collected in scratch_
  std::uint8_t depth_ = 0;
  std::uint8_t hex_left_ = 0;
  std::uint32_t unit_ = 0;    // UTF-16 code unit being read
  std::uint32_t high_ = 0;    // first half of a surrogate pair, or 0
  std::uint64_t kinds_ = 0;   // of the open brackets, innermost lowest: 1 = object
  std::size_t matched_ = 0;   // bytes of the key
  std::string_view literal_;  // what must still come
  std::string_view value_;
  std::string scratch_;
  head_verdict fault_ = head_verdict::found;
  std::string_view why_;
};

}  // namespace gw::wire
