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

/// The same, but a candidate that has its part of the channels by strength 1.25 times over is passed by: its keys go to
/// the next in their order ("Consistent Hashing with Bounded Loads", Mirrokni, Thorup, Zadimoghaddam 2016). Who has
/// fewer than 16 is never passed by, as a mean of so few says nothing.
std::size_t rendezvous_within_bounds(std::span<candidate const> among, std::uint64_t key) noexcept;

}  // namespace gw::cluster
