// Monotonic time that tests can drive. Everything that waits asks a clock; nobody calls steady_clock directly.
#pragma once

#include <chrono>
#include <cstdint>

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

/// Microseconds since 1970, as a message carries them to where no monotonic clock is shared.
inline std::int64_t wall_clock_us() noexcept {
  auto const since = std::chrono::system_clock::now().time_since_epoch();
  return std::chrono::duration_cast<std::chrono::microseconds>(since).count();
}

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
