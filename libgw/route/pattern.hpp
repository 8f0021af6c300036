// Patterns over paths, "/api/v{version}/{service}/{path:**}": compiled once, matched without allocation.
// Used by the routing table; later by predicates. Knows nothing of messages.
#pragma once

#include "core/text_fault.hpp"

#include <array>
#include <cstddef>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace gw::route {

/// What the captures of a pattern stood for in a text. The names point into the pattern, the texts into the text.
class captures {
 public:
  struct item {
    std::string_view name;
    std::string_view text;
  };
  static constexpr std::size_t capacity = 8;

  void clear() noexcept { count_ = 0; }
  void add(std::string_view name, std::string_view text) noexcept { items_[count_++] = {name, text}; }

  std::size_t size() const noexcept { return count_; }
  item const* begin() const noexcept { return items_.data(); }
  item const* end() const noexcept { return items_.data() + count_; }
  /// The text of the capture called `name`; empty if there is none.
  std::string_view operator[](std::string_view name) const noexcept;

 private:
  std::array<item, capacity> items_{};
  std::size_t count_ = 0;
};

/// The pattern language: it begins with '/'; text stands for itself; `{name}` stands for one or more characters but
/// '/'; `{name:**}`, which must be the end, for whatever is left, be it nothing. Several captures in one segment need
/// text between them; each takes as little as it can, the last takes the rest of the segment. At most 8 captures.
class pattern {
 public:
  static std::variant<pattern, text_fault> compile(std::string_view source);

  /// Whether the whole of `text` matches. `out` is then valid as long as the pattern and the text are.
  bool match(std::string_view text, captures& out) const noexcept;

  std::string_view source() const noexcept { return source_; }
  bool has_capture(std::string_view name) const noexcept;

 private:
  struct piece {
    std::string name = {};      // of a capture; empty = a literal
    std::string literal = {};   // of a literal
    bool rest = false;          // {name:**}
    std::string stop = {};      // of a capture: the text behind it in its segment
    bool stop_is_last = false;  // ... and that is the end of the segment

    /// How much of `segment` the capture takes; 0 = it does not match.
    std::size_t length_in(std::string_view segment) const noexcept;
  };
  struct compiler;

  std::string source_;
  std::vector<piece> pieces_;
};

}  // namespace gw::route
