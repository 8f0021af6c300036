// The report of a load test in every form in which it is printed. Pure; used by `wsgw bench`.
#pragma once

#include "tools/bench_counts.hpp"
#include "tools/bench_plan.hpp"

#include <string>

namespace gw::tools {

/// For people.
std::string bench_text(bench_plan const& plan, bench_report const& report);
/// For programs: schema wsgw.bench.v1, one line.
std::string bench_json(bench_plan const& plan, bench_report const& report);

}  // namespace gw::tools
