// The instances of one service as one worker sees them: which may be dialled now, and which of these shall be.
// One per worker and service, owned by the worker. Pure: time is passed in.
#pragma once

#include "cluster/balancer.hpp"
#include "cluster/registry.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <random>
#include <span>
#include <vector>

namespace gw::cluster {

/// An instance that could not be reached is held back: for a second (plus up to a quarter, at random) after the first
/// failure, twice as long after each further one, at most 30 s. Behind that it is tried once a second until a try
/// succeeds. While all instances are held back there is one probe a second for the whole service, and nothing to choose
/// between the probes: callers say NO_INSTANCE at once.
class pool {
 public:
  using time_point = std::chrono::steady_clock::time_point;

  static constexpr std::chrono::milliseconds shortest_hold{1'000};
  static constexpr std::chrono::milliseconds longest_hold{30'000};
  static constexpr std::chrono::milliseconds probe_period{1'000};

  /// `seed` decides the jitter.
  pool(std::unique_ptr<balancer> policy, std::uint32_t seed);

  /// A new snapshot: instances that stay keep their record. Indexes of choose() are those of `at`.
  void update(std::shared_ptr<registry const> at, std::size_t service_index);

  /// The index of the instance to dial, none of `excluded`, or nothing. Counts as a try of an instance that failed
  /// before, so the caller must dial, and tell the outcome.
  std::optional<std::size_t> choose(std::span<instance_id const> excluded, std::uint64_t key, time_point now);

  /// The outcome of a dial; unknown ids (of an instance that has left) are ignored. Of the dials that were under way
  /// together when an instance died only the first counts: the others know nothing newer.
  void failed(instance_id id, time_point now);
  void succeeded(instance_id id);

  /// Instances that are not held back.
  std::size_t available(time_point now) const;
  std::span<instance const> instances() const;

 private:
  struct record {
    instance_id id{};
    unsigned failures = 0;  // in a row
    bool on_trial = false;  // dialled since the latest failure was known
    time_point held_until{};
  };

  record* find(instance_id id);
  std::optional<std::size_t> probe(std::span<instance_id const> excluded, time_point now);
  std::chrono::milliseconds hold_after(unsigned failures);

  std::unique_ptr<balancer> policy_;
  std::shared_ptr<registry const> registry_;
  std::size_t service_ = 0;
  std::vector<record> records_;  // parallel to instances()
  std::vector<candidate> candidates_;
  time_point next_probe_{};
  std::minstd_rand random_;
};

}  // namespace gw::cluster
