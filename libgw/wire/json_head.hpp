// Finds the routing key of a JSON message without parsing the message (PRODUCT.md sections 3.4 to 3.8).
// Used by the relay for every text message, by the rules and by `wsgw route test`. Knows nothing of routes or frames.
#pragma once

#include "wire/json_walk.hpp"
#include "wire/json_walk_blocks.hpp"

#include <cstddef>
#include <string>
#include <string_view>

namespace gw::wire {

struct head {
  head_verdict verdict = head_verdict::undecided;
  std::string_view value;  // found: the decoded value; points into the text or, if it holds escapes, into the scanner:
                           // valid until the next scan and until the text changes
  std::size_t at = 0;      // byte offset of the fault; found: of the value, behind its opening quote
  std::string_view why;    // of a refusal, for people; static
};

/// The longest beginning of a message in which a routing key is looked for before the message is complete.
inline constexpr std::size_t max_prefix = std::size_t{16} * 1024;

/// One per worker or session, reused for every message. The texts given to it are valid UTF-8.
class head_scanner {
 public:
  explicit head_scanner(head_rules rules);

  /// Judges a whole message; never `undecided`.
  head scan(std::string_view text);

  /// Judges the first bytes of a message that is still arriving; what lies behind max_prefix is not looked at.
  /// Never `no_key`. After `found` the rest belongs to a tail_walk.
  head scan_prefix(std::string_view first);

 private:
  head find(std::string_view text, std::string_view& rest);
  head refuse(std::string_view text, std::string_view rest) const;

  validation level_;
  blocks::name_search search_;
  json_walk walk_;
};

/// Watches a message that is forwarded piece by piece since its prefix was `found`, so that it ends with the verdict
/// that scan() would have given the whole of it.
class tail_walk {
 public:
  explicit tail_walk(head_rules const& rules);

  /// All bytes of the message in order, beginning with the prefix. False: the message is bad, fault() says how.
  bool feed(std::string_view piece);

  /// The message has ended.
  bool finish();

  /// `found` as long as nothing is wrong.
  head_verdict fault() const noexcept { return fault_; }
  std::string_view why() const noexcept { return why_; }

 private:
  bool read_key(std::string_view& rest);
  void look_for_second_key(std::string_view rest, std::size_t plain);
  bool refuse(head_verdict verdict, std::string_view why) noexcept;

  validation level_;
  blocks::name_search search_;
  json_walk walk_;
  bool found_ = false;
  bool suspected_ = false;  // a second key may stand behind the first: faults count from now on
  bool broken_ = false;     // the walk met a fault
  std::string carry_;       // end of what was searched, for a spelling that a cut divides
  head_verdict fault_ = head_verdict::found;
  std::string_view why_;
};

}  // namespace gw::wire
