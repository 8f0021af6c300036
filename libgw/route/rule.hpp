// A custom rule, compiled: conditions that must all hold, and what it then yields. Used by the list of rules.
#pragma once

#include "config/config.hpp"
#include "core/error.hpp"
#include "route/condition.hpp"
#include "route/text_template.hpp"

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace gw::route {

/// What a rule yields for a message. Views into the rule; valid until its next yield.
struct yielded {
  std::string_view service = {};   // never empty unless `fault` is set
  std::string_view instance = {};  // host:port; empty = the balancer chooses
  std::string_view key = {};       // empty = the balancer chooses
  std::string_view fault = {};     // why the rule yields nothing: a RULE_ERROR; static
};

class rule {
 public:
  /// `fields` and `asked` learn what its conditions and templates need. The error (bad_config) names rule and key.
  static result<rule> make(config::rule const& from, json_fields& fields, questions& asked);

  /// Asks the conditions in order, up to the first that is not held; none: the default rule, which always answers.
  answer ask(message_facts& about, std::string* why);

  /// After ask() said yes, while the message is as it was.
  yielded yield(circumstances const& from);

  std::string const& id() const noexcept { return id_; }
  /// The service, if it is the same for every message.
  std::optional<std::string_view> constant_service() const;
  /// After ask() said yes: names and texts of the captures.
  std::vector<std::string> const& names() const noexcept { return names_; }
  std::vector<std::string_view> const& captured() const noexcept { return captured_; }

 private:
  /// A template and the text that it made last.
  struct made_text {
    text_template from;
    std::string space;
  };

  rule() = default;
  result<> compile_templates(config::rule const& from, condition_maker const& maker);
  bool render(made_text& what, circumstances const& from, std::string_view& to, std::string_view& fault);

  std::string id_;
  std::vector<std::unique_ptr<condition>> conditions_;
  std::vector<std::string> names_;
  std::vector<std::string_view> captured_;  // in the order of names_
  made_text service_;
  std::optional<made_text> instance_;
  std::optional<made_text> key_;
};

}  // namespace gw::route
