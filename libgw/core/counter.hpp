// A number that one thread counts and any thread may read. Used for metrics.
#pragma once

#include <atomic>
#include <cstdint>

namespace gw {

/// A relaxed counter or gauge with a single writer: no read-modify-write on the data path.
class counter {
 public:
  void add(std::uint64_t n = 1) noexcept { value_.store(get() + n, std::memory_order_relaxed); }
  void subtract(std::uint64_t n = 1) noexcept { value_.store(get() - n, std::memory_order_relaxed); }
  std::uint64_t get() const noexcept { return value_.load(std::memory_order_relaxed); }

 private:
  std::atomic<std::uint64_t> value_{0};
};

}  // namespace gw
