// Asks a Consul agent for the healthy instances of services, by blocking queries: one for each service at a time.
#pragma once

#include "discovery/kinds.hpp"

#include <memory>

namespace gw::discovery {

/// Type "consul". More than 64 services, or any_service, are asked one after the other from time to time instead: a
/// query that waits occupies a connection.
result<std::unique_ptr<source>> make_consul(assignment what);

}  // namespace gw::discovery
