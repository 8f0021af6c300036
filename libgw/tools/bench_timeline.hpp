// The intervals of a measurement, so few of them that they can be kept, printed and drawn however long it takes. Filled
// by the run, shown by the reports.
#pragma once

#include "tools/bench_counts.hpp"

#include <algorithm>
#include <cstddef>
#include <utility>
#include <vector>

namespace gw::tools {

/// When there are too many, neighbours become one: counts add up, and percentiles, which do not, are the higher ones,
/// but the median is that of the one with more answers. An interval too short for a rate joins the one before it.
class bench_timeline {
 public:
  static constexpr std::size_t most = 3600;
  static constexpr double shortest_s = 0.1;

  /// `next` begins where the last one ended.
  void add(bench_second const& next) {
    bool const is_short = next.length_s() < shortest_s;
    if (!intervals_.empty() && (is_short || in_last_ < of_each_)) {
      join(intervals_.back(), next);
      in_last_ += is_short ? 0 : 1;
      return;
    }
    if (intervals_.size() == most) halve();
    intervals_.push_back(next);
    in_last_ = 1;
  }

  std::vector<bench_second> take() { return std::exchange(intervals_, {}); }

 private:
  static void join(bench_second& to, bench_second const& next) {
    if (next.answered > to.answered) to.p50_ns = next.p50_ns;
    to.p99_ns = std::max(to.p99_ns, next.p99_ns);
    to.max_ns = std::max(to.max_ns, next.max_ns);
    to.sent += next.sent;
    to.answered += next.answered;
    to.failed += next.failed;
    to.errors += next.errors;
    to.errors_so_far = next.errors_so_far;
    to.skipped += next.skipped;
    to.pushed += next.pushed;
    to.in_flight = next.in_flight;
    to.open = next.open;
    to.to_s = next.to_s;
  }

  /// All are complete when there is no room for another one.
  void halve() {
    for (std::size_t i = 0; i < most / 2; ++i) {
      intervals_[i] = intervals_[2 * i];
      join(intervals_[i], intervals_[2 * i + 1]);
    }
    intervals_.resize(most / 2);
    of_each_ *= 2;
  }

  std::vector<bench_second> intervals_;
  std::size_t of_each_ = 1;  // so many that were told are one of these
  std::size_t in_last_ = 0;
};

}  // namespace gw::tools
