#include "cluster/registry.hpp"

#include "config/address.hpp"

#include <algorithm>
#include <tuple>
#include <utility>

namespace gw::cluster {
namespace {

auto address_of(instance const& i) {
  return std::tie(i.ip, i.configured.port);
}

instance made_of(config::instance const& written, std::string const& ip) {
  return {.id = {},
          .configured = {written.host, written.port},
          .ip = ip,
          .weight = written.weight,
          .zone = written.zone,
          .metadata = std::make_shared<config::metadata const>(written.metadata),
          .draining = written.draining,
          .load = nullptr};
}

/// By address, each once: of those that are written twice the first counts. Resolvers rotate their answers; equal sets
/// of addresses shall make equal snapshots.
void put_in_order(std::vector<instance>& all) {
  auto const is_before = [](instance const& a, instance const& b) { return address_of(a) < address_of(b); };
  auto const is_same = [](instance const& a, instance const& b) { return address_of(a) == address_of(b); };
  std::stable_sort(all.begin(), all.end(), is_before);
  all.erase(std::unique(all.begin(), all.end(), is_same), all.end());
}

}  // namespace

std::vector<located_instance> located(std::span<config::instance const> written, resolve const& addresses_of) {
  std::vector<located_instance> all;
  for (auto const& one : written) {
    if (config::is_ip_literal(one.host)) {
      all.push_back({one, one.host});
    } else if (addresses_of) {
      for (auto& ip : addresses_of(one.host, one.port)) all.push_back({one, std::move(ip)});
    }
  }
  return all;
}

std::vector<located_service> located(std::span<config::service const> written, resolve const& addresses_of) {
  std::vector<located_service> all;
  for (auto const& s : written) all.push_back({s.name, located(s.instances, addresses_of)});
  return all;
}

std::shared_ptr<registry const> registry::make(std::span<located_service const> services, std::size_t workers,
                                               registry const* before) {
  std::shared_ptr<registry> made(new registry);
  if (before != nullptr) made->next_id_ = before->next_id_;
  for (auto const& s : services) {
    auto& to = made->services_.emplace_back(service{.name = s.name, .instances = {}});
    for (auto const& [written, ip] : s.instances) to.instances.push_back(made_of(written, ip));
    put_in_order(to.instances);
    auto const known = before != nullptr ? before->find(s.name) : std::nullopt;
    made->recognise(to.instances, known ? before->at(*known).instances : std::span<instance const>(), workers);
  }
  return made;
}

/// Gives ids and loads: those of `before` to whoever was there. Both are in order.
void registry::recognise(std::span<instance> now, std::span<instance const> before, std::size_t workers) {
  auto known = before.begin();
  for (auto& i : now) {
    while (known != before.end() && address_of(*known) < address_of(i)) ++known;
    bool const was_there = known != before.end() && address_of(*known) == address_of(i);
    if (was_there && *known->metadata == *i.metadata) i.metadata = known->metadata;
    if (was_there && known->load->workers() == workers) {
      i.id = known->id;
      i.load = known->load;
    } else {
      i.id = instance_id{next_id_++};
      i.load = std::make_shared<instance_load>(workers);
    }
  }
}

std::optional<std::size_t> registry::find(std::string_view name) const noexcept {
  auto const at = std::find_if(services_.begin(), services_.end(), [name](service const& s) { return s.name == name; });
  if (at == services_.end()) return std::nullopt;
  return static_cast<std::size_t>(at - services_.begin());
}

}  // namespace gw::cluster
