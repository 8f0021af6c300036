// The addresses of this host.
#pragma once

#include <string>
#include <vector>

namespace gw::net {

/// IP literals of all interfaces that are up, without duplicates; none if the kernel does not say.
std::vector<std::string> local_addresses();

}  // namespace gw::net
