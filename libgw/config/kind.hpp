// How an extension declares itself: one row of a table that stands last in the file of its category. The tables are
// values, passed to whoever looks a name up. Used by balancers; later by predicates, filters, sources.
#pragma once

#include <span>
#include <string_view>

namespace gw::config {

/// `Make` is the function type that makes one: `std::unique_ptr<balancer>()`.
template <class Make>
struct kind {
  std::string_view name;     // as it is written in the configuration
  std::string_view summary;  // one sentence
  Make* make;
};

/// The row called `name`; nothing if there is none.
template <class Make>
kind<Make> const* find_kind(std::span<kind<Make> const> kinds, std::string_view name) {
  for (auto const& k : kinds) {
    if (k.name == name) return &k;
  }
  return nullptr;
}

}  // namespace gw::config
