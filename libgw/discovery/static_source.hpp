// Instances that stand in the configuration. Host names among them are resolved at start and again from time to time;
// every address of a name is an instance.
#pragma once

#include "cluster/registry.hpp"
#include "config/config.hpp"
#include "core/error.hpp"
#include "net/awaitable.hpp"

#include <cstddef>
#include <memory>

namespace gw::discovery {

/// Does the configuration name any host that has to be resolved?
bool has_names(config::config const& settings);

/// The snapshot as of now. A name that cannot be resolved keeps the addresses it had in `before`; at the first time
/// (`before` null) it has none, and that is logged. Never fails because of a name.
net::awaitable<std::shared_ptr<cluster::registry const>> discover_static(
    net::executor where, config::config const& settings, std::size_t workers,
    std::shared_ptr<cluster::registry const> before);

}  // namespace gw::discovery
