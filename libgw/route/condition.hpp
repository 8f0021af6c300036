// The conditions of rules: each is a small object that says whether a message holds it, and why not.
// To add one: a class and a row of the table at the end of condition.cpp. Used by rules.
#pragma once

#include "config/config.hpp"
#include "config/kind.hpp"
#include "core/error.hpp"
#include "route/circumstances.hpp"
#include "route/json_fields.hpp"

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace gw::route {

/// A message that rules are asked about. Kept on the stack of one decision.
struct message_facts {
  enum class content : std::uint8_t {
    text,
    beginning,  // of a text message that is still arriving
    binary,
  };

  enum class reading : std::uint8_t { not_yet, object, other };

  content what;
  std::string_view text;  // of text and beginning; valid UTF-8
  circumstances const& from;
  json_fields& reader;
  bool lenient;  // fields are read leniently
  reading read = reading::not_yet;

  /// Of a whole text: its fields, read when the first condition asks; null: it is no JSON object.
  json_fields const* fields();
};

enum class answer : std::uint8_t {
  no,
  yes,
  later,  // the message must be complete
};

class condition {
 public:
  virtual ~condition() = default;

  /// The texts of its named groups go to `captured` and live as long as the message and the next reading of fields.
  /// `why`, unless null, is told why the answer is not yes.
  virtual answer ask(message_facts& about, std::vector<std::string_view>& captured, std::string* why) const = 0;
};

/// What the conditions of one rule are made from and with.
struct condition_maker {
  std::string_view rule;  // its id, for complaints
  json_fields& fields;
  questions& asked;
  std::vector<std::unique_ptr<condition>> made = {};
  std::vector<std::string> names = {};  // of the captures

  error complaint(std::string_view key, std::string_view text) const;
};

/// Adds to `to.made` what `when` asks for of this kind, be it nothing. The error (bad_config) names rule and key.
using make_conditions = result<>(config::condition const& when, condition_maker& to);

/// In the order in which they are asked: what is known before the content comes first.
std::span<config::kind<make_conditions> const> condition_kinds();

}  // namespace gw::route
