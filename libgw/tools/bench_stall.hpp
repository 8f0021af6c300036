// Notices that a closed loop waits for answers that do not come any more. Pure; used by the run.
#pragma once

#include "core/clock.hpp"
#include "tools/bench_counts.hpp"

#include <cstdint>
#include <optional>
#include <utility>

namespace gw::tools {

/// Looks at all threads together: a server that is silent toward some of its clients is to be measured, too.
class bench_stall {
 public:
  explicit bench_stall(duration limit) noexcept : limit_(limit) {}

  /// Whether, for the limit or longer, something was in flight and nothing came back.
  bool is_at_hand(bench_sample const& so_far, time_point now) noexcept {
    bool const alive = so_far.in_flight == 0 || std::exchange(back_, so_far.back) != so_far.back;
    if (alive) since_ = now;
    return !alive && now - since_ >= limit_;
  }

 private:
  duration limit_;
  std::optional<std::uint64_t> back_;
  time_point since_{};
};

}  // namespace gw::tools
