// Whether a service may be dialled at all: a breaker that opens when too many dials have failed. One per worker and
// service; used by whoever dials. Pure: time is passed in.
#pragma once

#include "config/config.hpp"
#include "core/clock.hpp"

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>

namespace gw::cluster {

/// Closed, every dial is let through, and the share of failed ones in a sliding window is watched. At a
/// `failure_rate` of at least `min_dials` it opens: nobody is let through for `open_for`. Then it is half open: one
/// dial a second is let through, and the first success closes it.
class circuit {
 public:
  static constexpr std::chrono::milliseconds probe_period{1'000};

  enum class state : std::uint8_t { closed, half_open, open };

  explicit circuit(config::circuit const& settings) noexcept : settings_(settings) {}

  /// Zero: the caller must dial then, and tell the outcome, unless it says nothing about the service. Else for how long
  /// there is no use in asking again.
  duration wait(time_point now) noexcept;
  /// These two: true if the state has changed.
  bool succeeded(time_point now) noexcept;
  bool failed(time_point now) noexcept;

  state at(time_point now) const noexcept;

 private:
  static constexpr std::size_t slice_count = 10;
  struct slice {
    std::int64_t number = -1;  // since the beginning of time
    std::size_t dials = 0;
    std::size_t failures = 0;
  };

  slice& slice_at(time_point now) noexcept;
  bool too_many_failed(time_point now) const noexcept;
  std::int64_t number_of(time_point now) const noexcept;

  config::circuit settings_;
  std::array<slice, slice_count> slices_{};  // of the window
  bool tripped_ = false;
  time_point open_until_{};
  time_point next_probe_{};
};

}  // namespace gw::cluster
