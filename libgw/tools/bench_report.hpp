// The report of a load test in every form in which it is printed. Pure; used by `wsgw bench`.
#pragma once

#include "tools/bench_counts.hpp"
#include "tools/bench_plan.hpp"

#include <string>

namespace gw::tools {

/// For people.
std::string bench_text(bench_plan const& plan, bench_report const& report);
/// For programs: one line, schema wsgw.bench.v1. `messages_*` count what was measured: sent, answered (by the service),
/// failed (error frames of a gateway), unanswered, pushed, unmatched, duplicate; `errors` counts by code of the error
/// frame, close code or kind of loss, `warmup_errors` error frames before the measurement. `latency_us` is of answers;
/// in an open loop (`loop`) since they were due, with `latency_uncorrected_us` since they left, `send_lag_us`,
/// `rate_planned_per_s`, `rate_sent_per_s` and `messages_skipped`. `generator_limits` says why if `generator_limited`.
/// `services`: the same by service if there are several. `timeline`: each second of the measurement, or longer
/// intervals of a long one.
std::string bench_json(bench_plan const& plan, bench_report const& report);
/// A row for each service and one for all of them, below one that names the columns.
std::string bench_csv(bench_plan const& plan, bench_report const& report);
/// The distribution as HdrHistogram prints it, in microseconds: for its plotter and its other tools.
std::string hgrm_text(histogram const& of_ns);
/// A page that needs nothing else: figures, and plots over the time and over the percentiles.
std::string bench_html(bench_plan const& plan, bench_report const& report);
/// One interval of the run on one line.
std::string second_text(bench_second const& of);

}  // namespace gw::tools
