// Which of the available instances gets a new channel. Used by the pool; the kinds stand in one table.
#pragma once

#include "config/kind.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>

namespace gw::cluster {

struct candidate {
  std::size_t index = 0;  // of the instance in its service
  std::int64_t load = 0;
  std::size_t weight = 1;
};

/// One per worker and service; not shared between threads.
class balancer {
 public:
  balancer() = default;
  balancer(balancer const&) = delete;
  balancer& operator=(balancer const&) = delete;
  virtual ~balancer() = default;

  /// A position in `available`, which is not empty and holds only what may be chosen. `key` is the hash of what the
  /// choice shall stick to, for policies that care.
  virtual std::size_t pick(std::span<candidate const> available, std::uint64_t key) = 0;
};

using balancer_kind = config::kind<std::unique_ptr<balancer>()>;

/// All policies; the first is the default.
std::span<balancer_kind const> balancer_kinds();

}  // namespace gw::cluster
