// What a Consul agent says about the services it knows and about the health of one. Pure text to offers; used by the
// Consul source.
#pragma once

#include "core/error.hpp"
#include "discovery/source.hpp"

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace gw::discovery {

struct consul_offers {
  std::vector<offer> offers = {};
  std::size_t skipped = 0;  // entries that name no service
};

/// The answer of /v1/health/service/NAME: the instances all of whose checks pass.
result<consul_offers> parse_consul_health(std::string_view answer);

/// The answer of /v1/catalog/services: names.
result<std::vector<std::string>> parse_consul_services(std::string_view answer);

}  // namespace gw::discovery
