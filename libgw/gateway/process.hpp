// What the process gets from the system at start: descriptors, a name. Used by the server.
#pragma once

#include "config/config.hpp"

#include <cstddef>

namespace gw::gateway {

/// Raises the soft descriptor limit to the hard one; returns it.
std::size_t raise_descriptor_limit();

/// A gateway without a name has that of the host.
config::config named(config::config settings);

}  // namespace gw::gateway
