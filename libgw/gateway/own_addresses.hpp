// Where the gateway itself can be reached, so that nobody makes it its own upstream.
#pragma once

#include "discovery/judge.hpp"
#include "net/address.hpp"

#include <vector>

namespace gw::gateway {

/// Every address and port at which these listeners are reached: one that listens everywhere is at all addresses of the
/// host.
std::vector<discovery::own_address> own_addresses(std::vector<net::address> const& listeners);

}  // namespace gw::gateway
