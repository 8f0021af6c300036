#include "discovery/instance_file.hpp"

#include "config/tree.hpp"
#include "config/types.hpp"
#include "core/did_you_mean.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <array>
#include <string>
#include <utility>
#include <variant>

namespace gw::discovery {
namespace {

using config::node;

/// Nothing here nests deeper; and what converts a tree may not be led down for ever.
constexpr int deepest = 8;

error fault(std::string what) {
  return {.code = errc::io, .at = side::upstream, .context = std::move(what), .cause = {}};
}

error fault_at(config::position at, std::string_view what) {
  if (at.line == 0) return fault(std::string(what));
  return fault(fmt::format("{}:{}: {}", at.line, at.column, what));
}

node as_node(nlohmann::json const& from) {
  node made;
  if (from.is_boolean()) made.value = from.get<bool>();
  if (from.is_number_integer()) made.value = from.get<std::int64_t>();
  if (from.is_number_float()) made.value = from.get<double>();
  if (from.is_string()) made.value = from.get<std::string>();
  if (from.is_array()) {
    auto& list = made.value.emplace<node::list>();
    for (auto const& element : from) list.push_back(as_node(element));
  }
  if (from.is_object()) {
    auto& table = made.value.emplace<node::table>();  // nlohmann's objects are sorted too
    for (auto const& [key, value] : from.items()) table.push_back({key, {}, as_node(value)});
  }
  return made;
}

result<node> tree_of(std::string_view text, file_form form) {
  if (form == file_form::toml) {
    auto parsed = config::parse_toml(text);
    if (auto const* const wrong = std::get_if<config::fault>(&parsed)) return fault_at(wrong->at, wrong->text);
    return std::move(std::get<node>(parsed));
  }
  bool too_deep = false;
  auto const bounded = [&too_deep](int depth, nlohmann::json::parse_event_t, nlohmann::json&) {
    too_deep = too_deep || depth > deepest;
    return depth <= deepest;
  };
  auto const parsed = nlohmann::json::parse(text, bounded, false);
  if (too_deep) return fault("nests too deeply");
  if (parsed.is_discarded()) return fault("is no JSON");
  return as_node(parsed);
}

/// The list itself, or that of a section as the configuration has it.
node const& list_in(node const& written) {
  auto const* const section = written.as<node::table>();
  bool const as_configured = section != nullptr && section->size() == 1 && section->front().key == "instances";
  return as_configured ? section->front().value : written;
}

std::vector<offer> as_offers(std::vector<config::instance> const& instances) {
  std::vector<offer> offers;
  for (auto const& i : instances) {
    offer o;
    o.host = i.host;
    o.port = i.port;
    o.weight = i.weight;
    o.zone = i.zone;
    o.metadata.insert(i.metadata.begin(), i.metadata.end());
    o.draining = i.draining;
    offers.push_back(std::move(o));
  }
  return offers;
}

}  // namespace

result<catalogue> read_instances(std::string_view text, file_form form) {
  auto const root = tree_of(text, form);
  if (!root) return root.error();
  auto const* const tables = root->as<node::table>();
  if (tables == nullptr) return fault("must be an object; write {\"services\": {\"NAME\": [\"host:port\"]}}");
  catalogue read;
  for (auto const& section : *tables) {
    constexpr auto known = std::to_array<std::string_view>({"services"});
    if (section.key != known[0]) {
      return fault_at(section.at,
                      fmt::format("unknown key '{}'{}", section.key, guess_or_list(section.key, known, "known here")));
    }
    auto const* const services = section.value.as<node::table>();
    if (services == nullptr) return fault_at(section.value.at, "services: must be a table of lists");
    for (auto const& [name, at, written] : *services) {
      auto const& value = list_in(written);
      auto const* const list = value.as<node::list>();
      std::vector<config::instance> instances;
      config::faults wrong;
      // The configuration has no use for an empty list; here it says that there are none.
      if (list == nullptr || !list->empty()) config::types::instances{}.read(value, instances, wrong);
      if (!wrong.empty()) return fault_at(wrong[0].at, fmt::format("services.{}: {}", name, wrong[0].text));
      read[name] = as_offers(instances);
    }
  }
  return read;
}

}  // namespace gw::discovery
