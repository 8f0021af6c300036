// Monotonic time that tests can drive. Everything that waits asks a clock; nobody calls steady_clock directly.
#pragma once

#include <chrono>

namespace gw {

using time_point = std::chrono::steady_clock::time_point;
using duration = std::chrono::steady_clock::duration;

class clock {
 public:
  virtual ~clock() = default;
  virtual time_point now() const noexcept = 0;
  /// Does time pass while a thread sleeps? Waiting for real would be in vain otherwise.
  virtual bool runs() const noexcept { return true; }
};

class monotonic_clock final : public clock {
 public:
  time_point now() const noexcept override { return std::chrono::steady_clock::now(); }
};

/// Stands still until a test moves it.
class manual_clock final : public clock {
 public:
  time_point now() const noexcept override { return now_; }
  bool runs() const noexcept override { return false; }
  void advance(duration by) noexcept { now_ += by; }

 private:
  time_point now_{std::chrono::hours(1)};
};

}  // namespace gw
