#include "route/text_template.hpp"

#include "core/did_you_mean.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace gw::route {

std::variant<text_template, text_fault> text_template::compile(std::string_view source,
                                                               std::span<std::string const> names) {
  text_template made;
  made.source_ = source;
  std::size_t at = 0;
  for (;;) {
    auto const open = source.find_first_of("{}", at);
    auto literal = std::string(source.substr(at, open - at));
    if (open == source.npos) {
      made.tail_ = std::move(literal);
      return made;
    }
    if (source[open] == '}') return text_fault{open, "'}' without '{'"};
    auto const close = source.find('}', open);
    if (close == source.npos) return text_fault{open, "'{' without '}'"};
    auto const name = source.substr(open + 1, close - open - 1);
    auto const known = std::find(names.begin(), names.end(), name);
    if (known == names.end() && name != "user") {
      std::vector<std::string_view> const words(names.begin(), names.end());
      return text_fault{open + 1, fmt::format("no regex of this rule captures '{}'{}; write (?P<{}>...)", name,
                                              did_you_mean_text(name, words), name)};
    }
    auto const place = known == names.end() ? the_user : static_cast<std::size_t>(known - names.begin());
    made.pieces_.push_back({std::move(literal), place});
    at = close + 1;
  }
}

bool text_template::asks_user() const noexcept {
  return std::any_of(pieces_.begin(), pieces_.end(), [](piece const& p) { return p.place == the_user; });
}

text_template::rendered text_template::render(std::span<std::string_view const> captured,
                                              std::optional<std::string> const& user, std::string& space) const {
  if (is_constant()) return {source_.empty() ? outcome::empty : outcome::made, source_};
  space.clear();
  for (auto const& [literal, place] : pieces_) {
    if (place == the_user && !user) return {outcome::no_user};
    std::string_view const text = place == the_user ? std::string_view(*user) : captured[place];
    if (space.size() + literal.size() + text.size() > max_size) return {outcome::too_long};
    space.append(literal).append(text);
  }
  if (space.size() + tail_.size() > max_size) return {outcome::too_long};
  space += tail_;
  return {space.empty() ? outcome::empty : outcome::made, space};
}

}  // namespace gw::route
