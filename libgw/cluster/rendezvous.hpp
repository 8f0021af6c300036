// Which instance a key belongs to. Used by the pool and by the policy consistent_hash.
#pragma once

#include "cluster/balancer.hpp"

#include <cstddef>
#include <cstdint>
#include <span>

namespace gw::cluster {

/// The position of the candidate that `key` belongs to; `among` is not empty. Weighted rendezvous hashing: every
/// candidate draws a number from the key and its address, the highest wins. So keys are shared by strength; one more
/// candidate only takes keys, one less only gives its own away, and the order does not matter. Does not look at loads.
std::size_t rendezvous(std::span<candidate const> among, std::uint64_t key) noexcept;

}  // namespace gw::cluster
