#include "discovery/kubernetes_slices.hpp"

#include "discovery/bounded_json.hpp"
#include "discovery/offer_fields.hpp"

#include <fmt/format.h>

#include <utility>

namespace gw::discovery {
namespace {

using nlohmann::json;

error not_understood(std::string what) {
  return {errc::parse_error, side::upstream, std::move(what), {}};
}

std::string key_of(json const& object) {
  auto const& metadata = member(object, "metadata");
  auto const name = text_of(member(metadata, "name"));
  return name.empty() ? name : text_of(member(metadata, "namespace")) + "/" + name;
}

std::uint16_t port_in(json const& ports, std::string const& name) {
  for (auto const* const port : elements_of(ports)) {
    if (name.empty() || text_of(member(*port, "name")) == name) return port_of(member(*port, "port"));
  }
  return 0;
}

enum class readiness : std::uint8_t { absent, draining, ready };

/// Null is unknown, which stands for ready (and what is ready serves).
readiness readiness_of(json const& conditions) {
  bool const ready = truth_of(member(conditions, "ready"), true);
  bool const serving = truth_of(member(conditions, "serving"), ready);
  bool const terminating = truth_of(member(conditions, "terminating"), false);
  if (terminating) return serving ? readiness::draining : readiness::absent;
  return ready ? readiness::ready : readiness::absent;
}

/// A pod that moves from slice to slice, or has addresses of both families, is one instance.
std::string id_of(json const& endpoint, std::string const& address) {
  auto const& target = member(endpoint, "targetRef");
  auto name = text_of(member(target, "name"));
  return name.empty() ? address : name;
}

}  // namespace

kubernetes_slices::slice kubernetes_slices::read(json const& object) {
  slice made;
  made.service = text_of(member(member(member(object, "metadata"), "labels"), "kubernetes.io/service-name"));
  made.ipv6 = text_of(member(object, "addressType")) == "IPv6";
  auto const port = port_in(member(object, "ports"), port_name_);
  for (auto const* const endpoint : elements_of(member(object, "endpoints"))) {
    auto const addresses = elements_of(member(*endpoint, "addresses"));
    auto const address = addresses.empty() ? std::string() : text_of(*addresses.front());
    if (address.empty()) {
      ++skipped_;
      continue;
    }
    auto const state = readiness_of(member(*endpoint, "conditions"));
    if (state == readiness::absent) continue;
    offer found;
    found.id = id_of(*endpoint, address);
    found.host = address;
    found.port = port;
    found.zone = text_of(member(*endpoint, "zone"));
    found.draining = state == readiness::draining;
    if (auto node = text_of(member(*endpoint, "nodeName")); !node.empty()) found.metadata["node"] = std::move(node);
    made.offers.push_back(std::move(found));
  }
  return made;
}

/// Whether anything is different now.
bool kubernetes_slices::keep(json const& object) {
  auto const key = key_of(object);
  auto made = read(object);
  if (key.empty() || made.service.empty()) {
    ++skipped_;
    return false;
  }
  auto& known = slices_[key];
  if (known == made) return false;
  known = std::move(made);
  return true;
}

result<std::string> kubernetes_slices::take_page(std::string_view page, bool first) {
  auto const parsed = parse_bounded(page);
  if (!parsed) return parsed.error();
  if (!member(parsed->root, "items").is_array()) return not_understood("the answer is not a list of EndpointSlices");
  if (first) {
    slices_.clear();
    skipped_ = 0;
  }
  for (auto const& object : member(parsed->root, "items")) keep(object);
  auto const& metadata = member(parsed->root, "metadata");
  version_ = text_of(member(metadata, "resourceVersion"));
  return text_of(member(metadata, "continue"));
}

result<kubernetes_slices::news> kubernetes_slices::take_event(std::string_view line) {
  auto const parsed = parse_bounded(line);
  if (!parsed) return parsed.error();
  auto const type = text_of(member(parsed->root, "type"));
  auto const& object = member(parsed->root, "object");
  if (type == "ERROR") {
    auto const code = number_of(member(object, "code"));
    if (code == 410) return news::gone;
    return not_understood(fmt::format("the server ends the watch: {}", text_of(member(object, "message"))));
  }
  bool const known = type == "ADDED" || type == "MODIFIED" || type == "DELETED" || type == "BOOKMARK";
  if (!known || !object.is_object()) return not_understood("a line of the watch is not an event");
  auto version = text_of(member(member(object, "metadata"), "resourceVersion"));
  if (!version.empty()) version_ = std::move(version);
  if (type == "BOOKMARK") return news::none;
  bool const changed = type == "DELETED" ? slices_.erase(key_of(object)) != 0 : keep(object);
  return changed ? news::changed : news::none;
}

catalogue kubernetes_slices::routable() const {
  catalogue all;
  std::map<std::string, std::map<std::string, offer const*>> chosen;  // by service and id
  for (bool const ipv6 : {false, true}) {
    for (auto const& [key, one] : slices_) {
      all[one.service];
      if (one.ipv6 != ipv6) continue;
      for (auto const& found : one.offers) {
        auto& known = chosen[one.service][found.id];
        bool const better = known != nullptr && known->draining && !found.draining && known->host == found.host;
        if (known == nullptr || better) known = &found;
      }
    }
  }
  for (auto const& [service, offers] : chosen) {
    for (auto const& [id, found] : offers) all[service].push_back(*found);
  }
  return all;
}

}  // namespace gw::discovery
