// What a rule asks of one text, wherever the text comes from. Used by the conditions.
#pragma once

#include "route/condition.hpp"
#include "route/search.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace gw::route {

class text_check {
 public:
  /// `key` is where the settings stand, `subject` is what people call the text. Named groups of a regex get their
  /// places among `maker.names`. The error (bad_config) names rule, key and, in a regex, the byte.
  static result<text_check> make(config::text_test const& test, std::string_view key, std::string subject,
                                 condition_maker& maker);
  static result<text_check> make_regex(std::string const& regex, std::string_view key, std::string subject,
                                       condition_maker& maker);

  /// Nothing: the text is absent.
  bool holds(std::optional<std::string_view> text, std::vector<std::string_view>& captured, std::string* why) const;

  /// The same for something that is there but is no text.
  bool holds_without_text(std::string* why) const;

 private:
  explicit text_check(std::string subject) : subject_(std::move(subject)) {}
  result<> add_regex(std::string const& regex, std::string_view key, condition_maker& maker);

  std::string subject_;
  std::optional<std::string> equals_;
  std::optional<std::string> prefix_;
  std::optional<search> regex_;
  std::size_t first_capture_ = 0;  // of regex_
  bool exists_ = true;
};

}  // namespace gw::route
