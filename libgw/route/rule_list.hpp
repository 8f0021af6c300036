// The custom rules of a configuration, in their order. Used by the table where the URL rule has no answer.
#pragma once

#include "config/config.hpp"
#include "core/error.hpp"
#include "route/circumstances.hpp"
#include "route/json_fields.hpp"
#include "route/rule.hpp"

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace gw::route {

/// The answer of the rules to one message.
struct ruling {
  answer said = answer::no;  // `later`: the first rule that might answer must see the whole message
  std::uint32_t rule = 0;    // yes: its number, from 1
  yielded what = {};         // yes
};

/// One for every worker.
class rule_list {
 public:
  /// `lenient`: fields are also read from texts with single quotes, as the URL rule does.
  /// The error (bad_config) names rule and key.
  static result<rule_list> make(std::span<config::rule const> rules, bool lenient);

  /// Compiles anew: workers share nothing that has locks.
  rule_list(rule_list const& other);
  rule_list(rule_list&&) noexcept = default;
  rule_list& operator=(rule_list const&) = delete;
  rule_list& operator=(rule_list&&) noexcept = default;
  ~rule_list() = default;

  bool empty() const noexcept { return rules_.empty(); }
  std::uint32_t size() const noexcept { return static_cast<std::uint32_t>(rules_.size()); }
  /// Rule `number`, from 1.
  rule const& at(std::uint32_t number) const { return rules_[number - 1]; }
  questions const& asked() const noexcept { return asked_; }

  /// `explained`, unless null, gets a line for every rule: why it answers or not, what it captured and yields.
  ruling ask(message_facts::content what, std::string_view text, circumstances const& from,
             std::string* explained = nullptr);

 private:
  rule_list() = default;

  std::vector<config::rule> source_;
  bool lenient_ = false;
  json_fields fields_;
  questions asked_;
  std::vector<rule> rules_;
};

}  // namespace gw::route
