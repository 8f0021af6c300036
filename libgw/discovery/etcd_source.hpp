// Asks etcd v3, by its JSON gateway, for the keys under a prefix, and is told of changes. What keys and values mean:
// discovery/etcd_keys.
#pragma once

#include "discovery/kinds.hpp"

#include <memory>

namespace gw::discovery {

/// Type "etcd".
result<std::unique_ptr<source>> make_etcd(assignment what);

}  // namespace gw::discovery
