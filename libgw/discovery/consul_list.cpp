#include "discovery/consul_list.hpp"

#include "discovery/bounded_json.hpp"
#include "discovery/offer_fields.hpp"

#include <algorithm>
#include <utility>

namespace gw::discovery {
namespace {

using nlohmann::json;

error not_what_was_asked(std::string what) {
  return {errc::parse_error, side::upstream, std::move(what), {}};
}

bool all_pass(json const& checks) {
  auto const all = elements_of(checks);
  return std::all_of(all.begin(), all.end(), [](auto const* c) { return text_of(member(*c, "Status")) == "passing"; });
}

/// Ids of services are unique on their node only.
std::string id_of(json const& node, json const& service) {
  auto const name = text_of(member(node, "Node"));
  auto const id = text_of(member(service, "ID"));
  return name.empty() || id.empty() ? id : name + "/" + id;
}

offer read_offer(json const& node, json const& service) {
  offer made;
  made.id = id_of(node, service);
  made.host = text_of(member(service, "Address"));
  if (made.host.empty()) made.host = text_of(member(node, "Address"));
  made.port = port_of(member(service, "Port"));
  made.weight = weight_of(member(member(service, "Weights"), "Passing"));
  made.metadata = metadata_of(member(service, "Meta"));
  std::string tags;
  for (auto const* const tag : elements_of(member(service, "Tags"))) {
    if (tag->is_string()) tags += (tags.empty() ? "" : ",") + tag->get<std::string>();
  }
  if (!tags.empty()) made.metadata.emplace("tags", tags);
  take_conventions(made);
  if (made.zone.empty()) made.zone = text_of(member(member(node, "Meta"), "zone"));
  return made;
}

}  // namespace

result<consul_offers> parse_consul_health(std::string_view answer) {
  auto const parsed = parse_bounded(answer);
  if (!parsed) return parsed.error();
  if (!parsed->root.is_array()) return not_what_was_asked("the answer is not a list of services");
  consul_offers read;
  for (auto const& entry : parsed->root) {
    auto const& service = member(entry, "Service");
    if (!service.is_object()) {
      ++read.skipped;
    } else if (all_pass(member(entry, "Checks"))) {
      read.offers.push_back(read_offer(member(entry, "Node"), service));
    }
  }
  return read;
}

result<std::vector<std::string>> parse_consul_services(std::string_view answer) {
  auto const parsed = parse_bounded(answer);
  if (!parsed) return parsed.error();
  if (!parsed->root.is_object()) return not_what_was_asked("the answer is not a table of services");
  std::vector<std::string> names;
  for (auto const& [name, tags] : parsed->root.items()) names.push_back(name);
  return names;
}

}  // namespace gw::discovery
