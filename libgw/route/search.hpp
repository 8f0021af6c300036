// A regular expression of a rule, searched for in texts that peers chose: RE2, linear in the text, bounded in memory.
// Used by conditions, and by config::outside_knowledge for what a configuration has to know of it. Hides RE2.
#pragma once

#include "route/pattern.hpp"

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace re2 {
class RE2;
}

namespace gw::route {

/// Not copied and not shared between workers: an RE2 has locks.
class search {
 public:
  /// A fault names the byte of `source` if RE2 does. At most 31 groups if some have names ((?P<name>...)).
  static std::variant<search, text_fault> compile(std::string_view source);

  search(search&&) noexcept;
  search& operator=(search&&) noexcept;
  ~search();

  /// The names of the groups, in their order.
  std::vector<std::string> const& names() const noexcept { return names_; }

  /// Whether it is found in `text`. Then `captured` has the text of every named group from `first` on, in the order of
  /// names(), empty for a group that took no part.
  bool find(std::string_view text, std::vector<std::string_view>& captured, std::size_t first) const;

  std::string const& source() const noexcept;

 private:
  explicit search(std::unique_ptr<re2::RE2> compiled);

  std::unique_ptr<re2::RE2> compiled_;
  std::vector<std::string> names_;
  std::vector<std::size_t> groups_;  // of names_
};

/// Why `regex` does not compile, with the place as far as RE2 tells it; nothing if it does.
std::optional<text_fault> regex_fault(std::string_view regex);

/// The names of its captures, `(?P<name>...)`, sorted; none if it does not compile.
std::vector<std::string> capture_names(std::string_view regex);

}  // namespace gw::route
