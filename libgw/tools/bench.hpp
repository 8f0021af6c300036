// The load test as a whole: connects, warms up, measures, ends. Used by `wsgw bench` and by tests.
#pragma once

#include "tools/bench_counts.hpp"
#include "tools/bench_plan.hpp"

#include <functional>
#include <string>

namespace gw::tools {

struct bench_surroundings {
  /// Told what goes on, for people; may be empty.
  std::function<void(std::string const&)> say{};
  /// Told each second what happened in it; may be empty.
  std::function<void(bench_second const&)> watch{};
  /// SIGINT and SIGTERM end the run early (the report says so); a second one ends the process with status 130.
  bool catch_signals = false;
};

/// Runs `plan`; returns when every connection is closed. A connection that fails is counted. Errors: bad_usage (the
/// messages cannot be made), connect_failed (no connection could be opened).
result<bench_report> run_bench(bench_plan const& plan, bench_surroundings const& around = {});

}  // namespace gw::tools
