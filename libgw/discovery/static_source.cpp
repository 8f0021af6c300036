#include "discovery/static_source.hpp"

#include "core/log.hpp"
#include "net/address.hpp"
#include "net/resolve.hpp"

#include <algorithm>
#include <map>
#include <string>
#include <vector>

namespace gw::discovery {
namespace {

bool is_literal(std::string const& host) {
  return static_cast<bool>(net::address::of_ip(host, 0));
}

std::vector<std::string> addresses_in(cluster::registry const& known, std::string_view host) {
  std::vector<std::string> found;
  for (auto const& service : known.services()) {
    for (auto const& i : service.instances) {
      if (i.configured.host == host && std::find(found.begin(), found.end(), i.ip) == found.end())
        found.push_back(i.ip);
    }
  }
  return found;
}

}  // namespace

bool has_names(config::config const& settings) {
  return std::any_of(settings.services.begin(), settings.services.end(), [](auto const& s) {
    return std::any_of(s.instances.begin(), s.instances.end(), [](auto const& i) { return !is_literal(i.host); });
  });
}

net::awaitable<std::shared_ptr<cluster::registry const>> discover_static(
    net::executor where, config::config const& settings, std::size_t workers,
    std::shared_ptr<cluster::registry const> before) {
  std::map<std::string, std::vector<std::string>, std::less<>> addresses;
  for (auto const& service : settings.services) {
    for (auto const& i : service.instances) {
      if (is_literal(i.host) || addresses.contains(i.host)) continue;
      auto found = co_await net::resolve(where, i.host);
      if (found && !found->empty()) {
        addresses[i.host] = std::move(*found);
        continue;
      }
      log::event(
          log::level::warning, "name_not_resolved",
          {{"host", i.host}, {"service", service.name}, {"err", found ? "no address" : describe(found.error())}});
      if (before) addresses[i.host] = addresses_in(*before, i.host);
    }
  }
  auto const addresses_of = [&](std::string_view host) {
    auto const known = addresses.find(host);
    return known == addresses.end() ? std::vector<std::string>() : known->second;
  };
  co_return cluster::registry::make(settings.services, addresses_of, workers, before.get());
}

}  // namespace gw::discovery
