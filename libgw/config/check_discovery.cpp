#include "config/checks.hpp"
#include "config/describe.hpp"
#include "core/did_you_mean.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

namespace gw::config {
namespace {

using names = std::vector<std::string_view>;

bool contains(std::span<std::string_view const> list, std::string_view word) {
  return std::find(list.begin(), list.end(), word) != list.end();
}

/// The keys that some type needs or takes. The others are for all.
bool is_particular(outside_knowledge const& outside, std::string_view key) {
  return std::any_of(outside.sources.begin(), outside.sources.end(),
                     [key](source_type const& s) { return contains(s.needs, key) || contains(s.takes, key); });
}

void check_keys(source_type const& type, discovery const& d, node const& written, outside_knowledge const& outside,
                report& problems) {
  auto const full = [&d](std::string_view key) { return fmt::format("discovery.{}.{}", d.name, key); };
  for (auto const needed : type.needs) {
    if (locate(written, needed) != nullptr) continue;
    problems.add(written.at, full(needed), fmt::format("missing; type \"{}\" needs it", type.name));
  }
  names known;
  for (auto const& key : discovery_section().settings) {
    bool const takes = contains(type.needs, key.name) || contains(type.takes, key.name);
    if (takes || !is_particular(outside, key.name)) known.push_back(key.name);
  }
  for (auto const& key : discovery_section().settings) {
    auto const* const value = locate(written, key.name);
    if (value == nullptr || contains(known, key.name)) continue;
    problems.add(value->at, full(key.name),
                 fmt::format("type \"{}\" has no such key; it takes {}", type.name, comma_list(known)));
  }
}

void check_type(discovery const& d, node const& root, outside_knowledge const& outside, report& problems) {
  auto const* const written = named_node(root, "discovery", d.name);
  auto const key = fmt::format("discovery.{}.type", d.name);
  if (outside.sources.empty() || written == nullptr || problems.has(key)) return;
  auto const at = std::find_if(outside.sources.begin(), outside.sources.end(),
                               [&d](source_type const& s) { return s.name == d.type; });
  if (at != outside.sources.end()) return check_keys(*at, d, *written, outside, problems);
  names known;
  for (auto const& s : outside.sources) known.push_back(s.name);
  auto what = d.type.empty()
                  ? fmt::format("missing; write one of {}", comma_list(known))
                  : fmt::format("unknown value '{}'{}", d.type, guess_or_list(d.type, known, "write one of"));
  problems.add(place_of(*written, "type"), key, std::move(what));
}

/// That there are no services at all is told elsewhere.
void check_use(discovery const& d, config const& value, node const& root, report& problems) {
  bool const is_named = std::any_of(value.services.begin(), value.services.end(),
                                    [&d](service const& s) { return s.discovery == d.name; });
  if (is_named || d.any_service || d.registers || value.services.empty()) return;
  auto const* const written = named_node(root, "discovery", d.name);
  problems.add(
      written != nullptr ? written->at : position{}, fmt::format("discovery.{}", d.name),
      fmt::format("no service names it; write discovery = \"{}\" in [services.NAME], or any_service = true", d.name));
}

}  // namespace

void check_discovery(config const& value, node const& root, outside_knowledge const& outside, report& problems) {
  names known;
  for (auto const& d : value.discoveries) {
    check_type(d, root, outside, problems);
    known.push_back(d.name);
  }
  for (auto const& s : value.services) {
    if (s.discovery.empty() || contains(known, s.discovery)) continue;
    auto const* const written = named_node(root, "services", s.name);
    problems.add(written != nullptr ? place_of(*written, "discovery") : position{},
                 fmt::format("services.{}.discovery", s.name),
                 fmt::format("there is no [discovery.{}]{}", s.discovery,
                             known.empty() ? "; write it" : guess_or_list(s.discovery, known, "write one of")));
  }
  // What else is wrong may be the reason.
  if (problems.size() != 0) return;
  for (auto const& d : value.discoveries) check_use(d, value, root, problems);
}

}  // namespace gw::config
