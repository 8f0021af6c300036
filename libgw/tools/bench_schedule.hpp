// When the messages of an open loop are due: so many a second in all, evenly over the connections and the threads that
// own them. Pure; used by the load generator.
#pragma once

#include "core/clock.hpp"
#include "core/units.hpp"

#include <cstdint>

namespace gw::tools {

/// The due times of one thread, which owns `share` of the `whole` connections, from `first` on. Message k of all is due
/// k intervals behind the beginning and belongs to connection k modulo `whole`; a thread takes those of its own.
class bench_schedule {
 public:
  struct part {
    std::uint64_t first = 0;
    std::uint64_t share = 1;  // at least 1
    std::uint64_t whole = 1;
  };

  bench_schedule(rate at, part of) noexcept : rate_(at), part_(of) {}

  void begin(time_point at) noexcept {
    begun_ = at;
    taken_ = 0;
  }

  /// When the next one is due; asked for again it is the same.
  time_point next() const noexcept {
    auto const k = taken_ / part_.share * part_.whole + part_.first + taken_ % part_.share;
    auto const per = std::chrono::nanoseconds(rate_.per);
    // Whole periods exactly, so that nothing adds up however long it goes on.
    auto const rest = static_cast<double>(k % rate_.count) / static_cast<double>(rate_.count);
    auto const fraction = rest * static_cast<double>(per.count());
    return begun_ + per * static_cast<duration::rep>(k / rate_.count) +
           std::chrono::nanoseconds(static_cast<duration::rep>(fraction));
  }

  /// The next one is the one behind it.
  void take() noexcept { ++taken_; }

 private:
  rate rate_;
  part part_;
  time_point begun_{};
  std::uint64_t taken_ = 0;
};

}  // namespace gw::tools
