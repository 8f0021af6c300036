// A parsed TOML document as a small tree in which every key and value knows its place in the text.
// Settings are read from these nodes; only tree.cpp knows the TOML library.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace gw::config {

/// Lines and columns (code points) count from 1; line 0 = nowhere in particular.
struct position {
  unsigned line = 0;
  unsigned column = 0;
  unsigned source = 0;  // which of the texts: see report::add_source
};

struct member;

struct node {
  using list = std::vector<node>;
  using table = std::vector<member>;  // sorted by key, keys are unique

  /// The monostate stands for dates and times, which no setting uses.
  std::variant<std::monostate, bool, std::int64_t, double, std::string, list, table> value;
  position at;
  bool secret = false;  // holds what a ${file:/path} brought: it is not shown

  template <class T>
  T const* as() const {
    return std::get_if<T>(&value);
  }

  template <class T>
  T* as() {
    return std::get_if<T>(&value);
  }

  /// The member called `key` if this is a table that has it.
  member const* find(std::string_view key) const;
  /// "a string", "a list" …, for messages.
  std::string_view kind() const;
};

struct member {
  std::string key;
  position at;
  node value;
};

/// Something wrong at a place of the text.
struct fault {
  position at;
  std::string text;
};
using faults = std::vector<fault>;

/// The document, or the first syntax error; all positions get `source`. Depth and size of the result are bounded by the
/// text (nesting <= 256).
std::variant<node, fault> parse_toml(std::string_view text, unsigned source = 0);

/// The value of `key` ("queue.low") in `table`; nothing if it is not there.
node const* locate(node const& table, std::string_view key);

}  // namespace gw::config
