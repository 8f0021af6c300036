// Counts what is due at a steady rate since a beginning, however late one asks. Pure; used by the mock service, which
// pushes by it.
#pragma once

#include "core/clock.hpp"
#include "core/units.hpp"

#include <cstdint>

namespace gw::tools {

/// Time is passed in.
class steady_rate {
 public:
  /// Nothing is ever due at a count of 0.
  void begin(rate at, time_point now) noexcept {
    every_ = at.count == 0 ? duration{} : duration(at.per) / static_cast<duration::rep>(at.count);
    if (at.count != 0 && every_ == duration{}) every_ = duration(1);
    since_ = now;
    taken_ = 0;
  }
  void end() noexcept { every_ = {}; }
  bool running() const noexcept { return every_ != duration{}; }

  /// Takes one that is due; false: none is yet.
  bool take(time_point now) noexcept {
    if (!running() || now - since_ < every_ * static_cast<duration::rep>(taken_ + 1)) return false;
    ++taken_;
    return true;
  }
  /// Until the next one is due, if take() was just asked in vain.
  duration wait(time_point now) const noexcept {
    return since_ + every_ * static_cast<duration::rep>(taken_ + 1) - now;
  }

 private:
  duration every_{};
  time_point since_{};
  std::uint64_t taken_ = 0;
};

}  // namespace gw::tools
