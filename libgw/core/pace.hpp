// Admits events at a steady pace with a burst (GCRA, the "leaky bucket as a meter" of ITU-T I.371): one time point, no
// timer, no allocation. Used where a peer could flood us.
#pragma once

#include "core/clock.hpp"

#include <algorithm>
#include <cstddef>

namespace gw {

/// Time is passed in; it must not go back.
class pace {
 public:
  /// `count` events at once, and again as many spread over every `per`. A count of 0 admits everything.
  pace(std::size_t count, duration per) noexcept
      : every_(count == 0 ? duration{} : per / static_cast<duration::rep>(count)), burst_(per) {}

  /// Counts one event at `now`; false: it was one too many, and is not counted.
  bool admit(time_point now) noexcept {
    auto const due = std::max(next_, now) + every_;
    if (due - now > burst_) return false;
    next_ = due;
    return true;
  }

 private:
  duration every_;
  duration burst_;
  time_point next_{};  // when an event would come exactly in time
};

}  // namespace gw
