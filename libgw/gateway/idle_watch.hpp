// Notices that nothing has happened for a while, without a clock on the data path: a timer compares a count of what
// happens, eight times in the limit. Part of sessions, channels and tunnels.
#pragma once

#include "net/timer_wheel.hpp"

#include <cstdint>

namespace gw::gateway {

class idle_watch {
 public:
  /// `happened` gives a number that changes whenever something does; `idle` is called once. Both get `owner`.
  using count = std::uint64_t (*)(void const* owner);
  using callback = void (*)(void* owner);

  idle_watch(net::timer_wheel& wheel, count happened, callback idle, void* owner) noexcept
      : happened_(happened), idle_(idle), owner_(owner), timer_(wheel, on_check, this) {}

  /// From now on. Zero: never idle, or no other limit than before.
  void start(duration limit) {
    limit_ = limit;
    quiet_checks_ = 0;
    if (limit != duration{}) timer_.start(limit / checks);
  }

 private:
  static constexpr int checks = 8;

  static void on_check(void* self) {
    auto& w = *static_cast<idle_watch*>(self);
    auto const now = w.happened_(w.owner_);
    w.quiet_checks_ = now == w.last_ ? w.quiet_checks_ + 1 : 0;
    w.last_ = now;
    if (w.quiet_checks_ >= checks) return w.idle_(w.owner_);
    w.timer_.start(w.limit_ / checks);
  }

  count happened_;
  callback idle_;
  void* owner_;
  net::timer timer_;
  duration limit_{};
  int quiet_checks_ = 0;
  std::uint64_t last_ = 0;
};

}  // namespace gw::gateway
