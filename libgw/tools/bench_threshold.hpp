// Conditions under which a load test has failed, as people write them: "p99>20ms". Pure; used by `wsgw bench`.
#pragma once

#include "core/error.hpp"
#include "tools/bench_counts.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace gw::tools {

struct bench_figure;

/// METRIC OPERATOR VALUE: p50 p90 p99 p999 max mean (us, ms, s: latency), rate (a second, like 5000/s, answered),
/// errors unanswered skipped (counts), error_rate (%); > >= < <=. Blanks do not matter.
class bench_threshold {
 public:
  /// errc::bad_usage says how to write it.
  static result<bench_threshold> parse(std::string_view text);

  /// Nothing: the condition does not hold. Else what was found: "p99>20ms: p99 is 31.25ms".
  std::optional<std::string> holds_for(bench_report const& report) const;

 private:
  enum class relation : std::uint8_t { more, at_least, less, at_most };

  std::string text_;
  bench_figure const* of_ = nullptr;
  relation how_ = relation::more;
  double limit_ = 0;
};

}  // namespace gw::tools
