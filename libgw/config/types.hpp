// The types a setting may have. Each reads a value from a node of the tree, writes it back as TOML, and describes
// itself for the reference. The describe files name one for every key; nothing else uses them.
#pragma once

#include "config/config.hpp"
#include "config/tree.hpp"

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace gw::config::types {

/// Says why a text will not do, or nothing.
using text_check = std::string (*)(std::string_view);

// Every type has:
//   void read(node const&, Value&, faults&) const   leaves the value alone if it adds a fault
//   std::string show(Value const&) const            as TOML
//   std::string name() const, bounds() const        for people; bounds may be empty
//   std::string schema() const                      for editors: a JSON Schema

// A string may also hold a ${VARIABLE}, so no schema judges a string that has one.

/// true or false
struct flag {
  void read(node const& from, bool& to, faults& out) const;
  std::string show(bool value) const { return value ? "true" : "false"; }
  std::string name() const { return "boolean"; }
  std::string bounds() const { return {}; }
  std::string schema() const;
};

/// a whole number without a unit
struct count {
  std::size_t min = 0;
  std::size_t max = 0;

  void read(node const& from, std::size_t& to, faults& out) const;
  std::string show(std::size_t value) const { return std::to_string(value); }
  std::string name() const { return "integer"; }
  std::string bounds() const;
  std::string schema() const;
};

/// "10s"
struct duration {
  milliseconds min{0};
  milliseconds max{0};

  void read(node const& from, milliseconds& to, faults& out) const;
  std::string show(milliseconds value) const;
  std::string name() const { return "duration"; }
  std::string bounds() const;
  std::string schema() const;
};

/// "50us"
struct moment {
  microseconds min{0};
  microseconds max{0};

  void read(node const& from, microseconds& to, faults& out) const;
  std::string show(microseconds value) const;
  std::string name() const { return "short duration"; }
  std::string bounds() const;
  std::string schema() const;
};

/// "64KiB"
struct size {
  std::size_t min = 0;
  std::size_t max = 0;

  void read(node const& from, std::size_t& to, faults& out) const;
  std::string show(std::size_t value) const;
  std::string name() const { return "size"; }
  std::string bounds() const;
  std::string schema() const;
};

struct text {
  text_check check = nullptr;

  void read(node const& from, std::string& to, faults& out) const;
  std::string show(std::string const& value) const;
  std::string name() const { return "string"; }
  std::string bounds() const { return {}; }
  std::string schema() const;
};

/// a list of strings
struct texts {
  text_check check = nullptr;  // of each
  bool alone = false;          // a single string may stand without brackets

  void read(node const& from, std::vector<std::string>& to, faults& out) const;
  std::string show(std::vector<std::string> const& value) const;
  std::string name() const { return "list of strings"; }
  std::string bounds() const { return {}; }
  std::string schema() const;
};

/// a value that may be left out
template <class Type>
struct optional {
  Type type;

  template <class Value>
  void read(node const& from, std::optional<Value>& to, faults& out) const {
    auto const before = out.size();
    Value value{};
    type.read(from, value, out);
    if (out.size() == before) to = std::move(value);
  }
  /// Empty = not set.
  template <class Value>
  std::string show(std::optional<Value> const& value) const {
    return value ? type.show(*value) : std::string();
  }
  std::string name() const { return type.name(); }
  std::string bounds() const { return type.bounds(); }
  std::string schema() const { return type.schema(); }
};

/// "20/10s"
struct rate {
  std::size_t max_count = 0;

  void read(node const& from, gw::rate& to, faults& out) const;
  std::string show(gw::rate value) const;
  std::string name() const { return "rate"; }
  std::string bounds() const;
  std::string schema() const;
};

/// "50%"
struct percentage {
  std::size_t min = 0;

  void read(node const& from, std::size_t& to, faults& out) const;
  std::string show(std::size_t value) const;
  std::string name() const { return "share"; }
  std::string bounds() const;
  std::string schema() const;
};

/// "10%/m": a share of what there is, each time; "0%/m" = never
struct share_rate {
  std::size_t max_percent = 0;

  void read(node const& from, gw::rate& to, faults& out) const;
  std::string show(gw::rate value) const;
  std::string name() const { return "share each time"; }
  std::string bounds() const;
  std::string schema() const;
};

/// "50%" or "512MiB"
struct memory {
  std::size_t min_bytes = 0;

  void read(node const& from, memory_limit& to, faults& out) const;
  std::string show(memory_limit value) const;
  std::string name() const { return "share or size"; }
  std::string bounds() const;
  std::string schema() const;
};

/// one of a few words
template <class Enum>
struct choice {
  struct option {
    std::string_view word;
    Enum value;
  };
  std::vector<option> options;

  void read(node const& from, Enum& to, faults& out) const;
  std::string show(Enum value) const;
  std::string name() const { return "string"; }
  std::string bounds() const;
  std::string schema() const;
};

/// the name of a way to choose an instance
struct policy {
  bool may_be_empty = false;

  void read(node const& from, std::string& to, faults& out) const;
  std::string show(std::string const& value) const { return text{}.show(value); }
  std::string name() const { return "policy"; }
  std::string bounds() const { return {}; }
  std::string schema() const;  // leaves the names to who knows them: #/$defs/policy
};

/// the name of a way to learn of instances
struct source_type {
  void read(node const& from, std::string& to, faults& out) const;
  std::string show(std::string const& value) const { return text{}.show(value); }
  std::string name() const { return "source"; }
  std::string bounds() const { return {}; }
  std::string schema() const;  // leaves the names to who knows them: #/$defs/source
};

/// texts by name: { version = "2" }
struct labels {
  void read(node const& from, metadata& to, faults& out) const;
  std::string show(metadata const& value) const;
  std::string name() const { return "table of strings"; }
  std::string bounds() const { return {}; }
  std::string schema() const;
};

/// the addresses of a service: "host:port" or { addr, weight, zone, metadata, draining }
struct instances {
  void read(node const& from, std::vector<instance>& to, faults& out) const;
  std::string show(std::vector<instance> const& value) const;
  std::string name() const { return "list of addresses"; }
  std::string bounds() const;
  std::string schema() const;
};

/// what is asked of a text: a string, which it must equal, or { equals, prefix, regex, exists }
struct test {
  void read(node const& from, text_test& to, faults& out) const;
  std::string show(text_test const& value) const;
  std::string name() const { return "string or test"; }
  std::string bounds() const { return "\"TEXT\" or { equals, prefix, regex, exists }"; }
  std::string schema() const;
};

/// what is asked of named texts: { name, equals, prefix, regex, exists }, or a list of such
struct named_tests {
  void read(node const& from, std::vector<named_test>& to, faults& out) const;
  std::string show(std::vector<named_test> const& value) const;
  std::string name() const { return "test or list of tests"; }
  std::string bounds() const { return "{ name, equals, prefix, regex, exists }"; }
  std::string schema() const;
};

/// Why these tests exclude each other; empty if they do not.
std::string contradiction(text_test const& it);

/// `value` as a TOML basic string.
std::string quoted(std::string_view value);

/// `name` as a part of a TOML key.
std::string bare_or_quoted(std::string_view name);

/// The schema of a string that is one of `words`.
std::string words_schema(std::vector<std::string_view> const& words);

/// Reads a string that must be one of `words`: its index, or words.size() and a fault.
std::size_t read_word(node const& from, std::vector<std::string_view> const& words, faults& out);

template <class Enum>
void choice<Enum>::read(node const& from, Enum& to, faults& out) const {
  std::vector<std::string_view> words;
  for (auto const& o : options) words.push_back(o.word);
  auto const index = read_word(from, words, out);
  if (index < options.size()) to = options[index].value;
}

template <class Enum>
std::string choice<Enum>::show(Enum value) const {
  for (auto const& o : options) {
    if (o.value == value) return quoted(o.word);
  }
  return {};
}

template <class Enum>
std::string choice<Enum>::schema() const {
  std::vector<std::string_view> words;
  for (auto const& o : options) words.push_back(o.word);
  return words_schema(words);
}

template <class Enum>
std::string choice<Enum>::bounds() const {
  std::string text;
  for (auto const& o : options) {
    if (!text.empty()) text += ", ";
    text += o.word;
  }
  return text;
}

}  // namespace gw::config::types
