#include "discovery/kinds.hpp"

#include <array>

namespace gw::discovery {

source_kind const* find_source_kind(std::string_view type) {
  for (auto const& k : source_kinds()) {
    if (k.name == type) return &k;
  }
  return nullptr;
}

std::vector<config::source_type> source_types() {
  std::vector<config::source_type> types;
  for (auto const& k : source_kinds()) types.push_back({k.name, k.needs, k.takes});
  return types;
}

std::vector<config::word> source_words() {
  std::vector<config::word> words;
  for (auto const& k : source_kinds()) words.push_back({k.name, k.summary});
  return words;
}

std::span<source_kind const> source_kinds() {
  static constexpr std::array<source_kind, 0> kinds{};
  return kinds;
}

}  // namespace gw::discovery
