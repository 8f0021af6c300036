// How long an instance takes to answer, as a moving average that fears the worst. Used by the pool and by policies that
// compare latencies. Pure: time is passed in.
#pragma once

#include "core/clock.hpp"

#include <chrono>

namespace gw::cluster {

/// A peak-sensitive average: a value above it replaces it, one below pulls it down by the time that has passed. Without
/// new values it fades, so that an instance that was slow once is tried again.
class latency_estimate {
 public:
  /// After this time without a value 37 % are left.
  static constexpr std::chrono::seconds memory{10};

  void observe(duration latency, time_point now) noexcept;
  /// In seconds; 0 = nothing known (any more).
  double at(time_point now) const noexcept;

 private:
  double seconds_ = 0;
  time_point observed_{};
};

}  // namespace gw::cluster
