#include "discovery/kinds.hpp"

#include "discovery/dns_source.hpp"
#include "discovery/file_source.hpp"

#include <array>

namespace gw::discovery {
namespace {

constexpr auto of_dns = std::to_array<std::string_view>({"domain"});
constexpr auto also_of_dns = std::to_array<std::string_view>({"record", "port", "servers", "read_timeout"});
constexpr auto of_file = std::to_array<std::string_view>({"path"});

}  // namespace

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
  static constexpr auto kinds = std::to_array<source_kind>({
      {{"dns", "Name servers, with SRV or address records.", make_dns_source}, of_dns, also_of_dns},
      {{"file", "A .toml or .json file, or a folder of them.", make_file_source}, of_file},
  });
  return kinds;
}

}  // namespace gw::discovery
