// Which of the available instances gets a new channel. Used by the pool; the kinds stand in one table.
#pragma once

#include "cluster/instance.hpp"
#include "cluster/latency.hpp"
#include "config/kind.hpp"
#include "core/clock.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>

namespace gw::cluster {

/// An instance that may be chosen. What changes all the time stays where it is counted, so that a policy that looks at
/// two of a thousand pays for two.
struct candidate {
  static constexpr std::size_t full_share = 1'000;

  std::size_t index = 0;  // of the instance in its service
  std::size_t weight = 1;
  std::size_t share = full_share;  // of its weight that counts now; less while it starts slowly
  instance_id id{};
  std::uint64_t address_hash = 0;             // hash_of("ip:port")
  instance_load const* load = nullptr;        // null: it has none
  latency_estimate const* latency = nullptr;  // null: nothing is known

  // A draw by weight: who is drawn evenly is it in so many of 2^32 cases, else the one at the other position.
  std::uint32_t stays = ~std::uint32_t{0};
  std::uint32_t other = 0;

  /// Open or dialling.
  std::int64_t channels() const noexcept { return load == nullptr ? 0 : load->total(); }
  /// In seconds; 0 = not known.
  double latency_at(time_point now) const noexcept { return latency == nullptr ? 0 : latency->at(now); }
  /// The weight that counts, in units of 1 / full_share.
  std::int64_t strength() const noexcept { return static_cast<std::int64_t>(weight * share); }
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
  virtual std::size_t pick(std::span<candidate const> available, std::optional<std::uint64_t> key, time_point now) = 0;
  /// Does the key decide?
  virtual bool goes_by_key() const noexcept { return false; }
};

/// `seed` decides what a policy leaves to chance.
using balancer_kind = config::kind<std::unique_ptr<balancer>(std::uint32_t seed)>;

/// All policies; the first is the default.
std::span<balancer_kind const> balancer_kinds();

}  // namespace gw::cluster
