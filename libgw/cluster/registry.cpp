#include "cluster/registry.hpp"

#include "config/address.hpp"

#include <algorithm>
#include <tuple>
#include <utility>

namespace gw::cluster {
namespace {

instance const* find_address(service const& in, std::string_view ip, std::uint16_t port) {
  for (auto const& i : in.instances) {
    if (i.ip == ip && i.configured.port == port) return &i;
  }
  return nullptr;
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
    for (auto const& one : s.instances) made->add(to, one, before, workers);
    // Resolvers rotate their answers; equal sets of addresses shall make equal snapshots.
    std::sort(to.instances.begin(), to.instances.end(), [](instance const& a, instance const& b) {
      return std::tie(a.ip, a.configured.port) < std::tie(b.ip, b.configured.port);
    });
  }
  return made;
}

void registry::add(service& to, located_instance const& one, registry const* before, std::size_t workers) {
  auto const& [written, ip] = one;
  if (find_address(to, ip, written.port) != nullptr) return;
  instance fresh{.id = {},
                 .configured = {written.host, written.port},
                 .ip = ip,
                 .weight = written.weight,
                 .zone = written.zone,
                 .metadata = nullptr,
                 .draining = written.draining,
                 .load = nullptr};
  auto const known_service = before != nullptr ? before->find(to.name) : std::nullopt;
  auto const* const known = known_service ? find_address(before->at(*known_service), ip, written.port) : nullptr;
  if (known != nullptr && known->load->workers() == workers) {
    fresh.id = known->id;
    fresh.load = known->load;
  } else {
    fresh.id = instance_id{next_id_++};
    fresh.load = std::make_shared<instance_load>(workers);
  }
  bool const told_before = known != nullptr && *known->metadata == written.metadata;
  fresh.metadata = told_before ? known->metadata : std::make_shared<config::metadata const>(written.metadata);
  to.instances.push_back(std::move(fresh));
}

std::optional<std::size_t> registry::find(std::string_view name) const noexcept {
  auto const at = std::find_if(services_.begin(), services_.end(), [name](service const& s) { return s.name == name; });
  if (at == services_.end()) return std::nullopt;
  return static_cast<std::size_t>(at - services_.begin());
}

}  // namespace gw::cluster
