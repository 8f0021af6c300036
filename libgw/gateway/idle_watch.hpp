// Notices that nothing has happened for a while, without a clock on the data path: a timer compares a count of what
// happens, eight times in the limit. Part of sessions, channels and tunnels.
#pragma once

#include "net/timer_wheel.hpp"

#include <cstdint>
#include <memory>

namespace gw::gateway {

/// A pointer until it is started: most have no limit.
class idle_watch {
 public:
  /// `happened` gives a number that changes whenever something does; `idle` is called once. Both get `owner`.
  struct subject {
    std::uint64_t (*happened)(void const* owner);
    void (*idle)(void* owner);
    void* owner;
  };

  /// From now on. Zero: never idle, or no other limit than before.
  void start(net::timer_wheel& wheel, duration limit, subject of) {
    if (limit == duration{}) return;
    if (!running_) running_ = std::make_unique<running>(wheel, of);
    running_->limit = limit;
    running_->quiet_checks = 0;
    running_->next_check.start(limit / checks);
  }

 private:
  static constexpr int checks = 8;

  struct running {
    running(net::timer_wheel& wheel, subject what) noexcept : of(what), next_check(wheel, on_check, this) {}

    subject of;
    net::timer next_check;
    duration limit{};
    int quiet_checks = 0;
    std::uint64_t last = 0;
  };

  static void on_check(void* self) {
    auto& w = *static_cast<running*>(self);
    auto const now = w.of.happened(w.of.owner);
    w.quiet_checks = now == w.last ? w.quiet_checks + 1 : 0;
    w.last = now;
    if (w.quiet_checks >= checks) return w.of.idle(w.of.owner);
    w.next_check.start(w.limit / checks);
  }

  std::unique_ptr<running> running_;
};

}  // namespace gw::gateway
