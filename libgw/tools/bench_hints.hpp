// What a user should know of a load test that runs, or has run, otherwise than was probably meant. Pure; used by `wsgw
// bench`.
#pragma once

#include "tools/bench_counts.hpp"
#include "tools/bench_plan.hpp"

#include <string>
#include <vector>

namespace gw::tools {

/// Before the run: what the plan holds in vain.
std::vector<std::string> hints_of(bench_plan const& plan);
/// Behind it: what its errors probably come from.
std::vector<std::string> hints_of(bench_plan const& plan, bench_report const& report);

}  // namespace gw::tools
