// The types of values that test files of `wsgw route test` have beside those of the configuration, in the manner of
// config/types.hpp. Used by the table of their keys.
#pragma once

#include "config/tree.hpp"
#include "config/types.hpp"

#include <string>
#include <utility>
#include <vector>

namespace gw::tools {

/// A message: a string as it is, or a table that is written as JSON.
struct message_text {
  void read(config::node const& from, std::string& to, config::faults& out) const;
  std::string show(std::string const& value) const { return config::types::quoted(value); }
  std::string name() const { return "string or table"; }
  std::string bounds() const { return {}; }
  std::string schema() const { return R"({"type":["string","object"]})"; }
};

/// Strings by names: { NAME = "TEXT" }; a list of strings stands for the name several times.
struct texts_by_name {
  using value = std::vector<std::pair<std::string, std::string>>;

  void read(config::node const& from, value& to, config::faults& out) const;
  std::string show(value const& of) const;
  std::string name() const { return "table of strings"; }
  std::string bounds() const { return {}; }
  std::string schema() const {
    return R"({"type":"object","additionalProperties":{"type":["string","array"],"items":{"type":"string"}}})";
  }
};

/// Values by JSON Pointers: { "/error/service" = "order", "/data/id" = 7 }; kept as JSON.
struct json_by_pointer {
  using value = std::vector<std::pair<std::string, std::string>>;

  void read(config::node const& from, value& to, config::faults& out) const;
  std::string show(value const& of) const;
  std::string name() const { return "table by JSON Pointers"; }
  std::string bounds() const { return {}; }
  std::string schema() const { return R"({"type":"object","propertyNames":{"pattern":"^/"}})"; }
};

}  // namespace gw::tools
