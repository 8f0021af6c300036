// One coarse timer per worker for everything that waits: deadlines, retries, heartbeats. Beside net/alarm the only user
// of an Asio timer.
#pragma once

#include "core/clock.hpp"
#include "core/histogram.hpp"
#include "net/awaitable.hpp"

#include <array>
#include <cstdint>
#include <memory>

namespace gw::net {

class event;
class timer_wheel;

/// An entry of the wheel: calls `expired(owner)` once, never inside a data-path turn. RAII: gone means cancelled.
/// No allocation; 48 bytes. Must not move while it is running.
class timer {
 public:
  using callback = void (*)(void* owner);

  timer(timer_wheel& wheel, callback expired, void* owner) noexcept : wheel_(wheel), expired_(expired), owner_(owner) {}
  /// Sets `expired`.
  timer(timer_wheel& wheel, event& expired) noexcept;
  ~timer() { stop(); }
  timer(timer const&) = delete;
  timer& operator=(timer const&) = delete;

  /// (Re)starts it. It fires between `after` and `after` + timer_wheel::tick; a time that is over counts as now.
  void start(duration after);
  void stop() noexcept;
  bool running() const noexcept { return prev_ != nullptr; }
  timer_wheel& wheel() const noexcept { return wheel_; }

 private:
  friend timer_wheel;
  timer_wheel& wheel_;
  callback expired_;
  void* owner_;
  std::uint64_t due_ = 0;  // in ticks
  timer* next_ = nullptr;
  timer* prev_ = nullptr;  // a slot's ring is closed through its head
};

class timer_wheel {
 public:
  static constexpr duration tick = std::chrono::milliseconds(16);

  /// `time` must outlive the wheel. Tests pass a manual clock and call advance() themselves. `late`: gets how late the
  /// wheel was each time, in microseconds; may be null.
  timer_wheel(executor where, clock const& time, bucket_counts* late = nullptr);
  ~timer_wheel();
  timer_wheel(timer_wheel const&) = delete;
  timer_wheel& operator=(timer_wheel const&) = delete;

  /// Fires everything that is due by the clock.
  void advance();
  time_point now() const noexcept { return time_.now(); }
  std::size_t size() const noexcept { return count_; }

  /// Cancels the wait behind the wheel, so that its io_context can run out of work.
  void shut_down() noexcept;

  /// Suspends the calling coroutine for `for_long`; used for back-off only.
  awaitable<void> sleep(duration for_long);

 private:
  friend timer;
  static constexpr std::size_t slots = 1024;  // 16 s a revolution; longer waits pass their slot several times
  struct alarm;                               // the Asio timer

  void insert(timer& entry) noexcept;
  void remove(timer& entry) noexcept;
  void arm();
  void on_alarm(std::uint64_t due);
  std::uint64_t ticks_at(time_point at) const noexcept;
  std::uint64_t next_occupied_tick() const noexcept;

  executor where_;
  clock const& time_;
  time_point start_;
  std::uint64_t current_ = 0;  // everything due up to this tick has fired
  std::uint64_t armed_for_ = UINT64_MAX;
  std::size_t count_ = 0;
  bool closed_ = false;
  std::array<timer*, slots> heads_{};
  std::array<std::uint64_t, slots / 64> occupied_{};
  std::unique_ptr<alarm> alarm_;
  bucket_counts* late_;
};

}  // namespace gw::net
