// How an extension declares itself: one row of a table that stands last in the file of its category. The tables are
// values, passed to whoever looks a name up. Used by balancers and sources of instances.
#pragma once

#include <span>
#include <string_view>
#include <vector>

namespace gw::config {

/// A word that a configuration may use, and what it means in one sentence.
struct word {
  std::string_view name;
  std::string_view summary;
};

/// The words that higher layers bring in, for whoever documents the configuration.
struct vocabulary {
  std::vector<word> policies = {};  // of balancers
  std::vector<word> sources = {};   // types of [discovery.NAME]
};

/// `Make` is the function type that makes one: `std::unique_ptr<balancer>()`.
template <class Make>
struct kind {
  std::string_view name;     // as it is written in the configuration
  std::string_view summary;  // one sentence
  Make* make;
};

template <class Make>
std::vector<word> words_of(std::span<kind<Make> const> kinds) {
  std::vector<word> words;
  for (auto const& k : kinds) words.push_back({k.name, k.summary});
  return words;
}

/// The row called `name`; nothing if there is none.
template <class Make>
kind<Make> const* find_kind(std::span<kind<Make> const> kinds, std::string_view name) {
  for (auto const& k : kinds) {
    if (k.name == name) return &k;
  }
  return nullptr;
}

}  // namespace gw::config
