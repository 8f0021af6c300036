// One point in time, kept as exactly as the kernel wakes us: for paces that the wheel's tick is too coarse for. Used by
// the load generator, once a thread.
#pragma once

#include "core/clock.hpp"
#include "net/awaitable.hpp"

#include <cstdint>
#include <memory>

namespace gw::net {

/// Costs a system call or two each time it is set; whoever waits for many things wants a timer of the wheel. One
/// thread. Must outlive the run of its loop.
class alarm {
 public:
  using callback = void (*)(void* owner);

  alarm(executor where, callback rings, void* owner);
  ~alarm();
  alarm(alarm const&) = delete;
  alarm& operator=(alarm const&) = delete;

  /// Calls `rings(owner)` once at `at` of the monotonic clock or soon after, never inside a data-path turn. What was
  /// set before is forgotten.
  void set(time_point at);
  void stop() noexcept;

 private:
  struct wait;  // the Asio timer

  std::unique_ptr<wait> wait_;
  callback rings_;
  void* owner_;
  std::uint64_t latest_ = 0;  // a wait that was over before it was cancelled finds another number here
};

}  // namespace gw::net
