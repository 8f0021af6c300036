// How busy an instance is, counted by all workers without contention. Shared by the snapshots of the registry, so that
// the count survives a refresh.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace gw::cluster {

/// Channels of one instance, open or dialling. Every worker writes its own slot only; anybody may read the sum, which
/// may miss what happens meanwhile.
class instance_load {
 public:
  explicit instance_load(std::size_t workers) : slots_(workers) {}

  /// Called by the thread of `worker` only.
  void add(std::size_t worker, int delta) noexcept {
    auto& count = slots_[worker].count;
    count.store(count.load(std::memory_order_relaxed) + delta, std::memory_order_relaxed);
  }

  std::int64_t total() const noexcept {
    std::int64_t sum = 0;
    for (auto const& s : slots_) sum += s.count.load(std::memory_order_relaxed);
    return sum;
  }

  /// Those of `worker`.
  std::int64_t of(std::size_t worker) const noexcept { return slots_[worker].count.load(std::memory_order_relaxed); }

  std::size_t workers() const noexcept { return slots_.size(); }

 private:
  struct alignas(64) slot {
    std::atomic<std::int64_t> count{0};
  };
  std::vector<slot> slots_;
};

}  // namespace gw::cluster
