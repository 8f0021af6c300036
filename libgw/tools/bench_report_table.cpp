#include "tools/bench_report.hpp"

#include <fmt/format.h>

#include <cmath>
#include <cstdint>

namespace gw::tools {
namespace {

/// RFC 4180.
std::string csv_cell(std::string_view text) {
  if (text.find_first_of(",\"\r\n") == text.npos) return std::string(text);
  std::string quoted = "\"";
  for (char const c : text) quoted += c == '"' ? std::string("\"\"") : std::string(1, c);
  return quoted + '"';
}

std::string csv_row(std::string_view name, bench_tally const& of, double seconds) {
  auto const& l = of.latency_ns;
  auto const& p = of.push_ns;
  return fmt::format("{},{},{},{},{},{:.1f},{:.1f},{:.1f},{:.1f},{:.1f},{:.1f},{:.1f},{},{:.1f},{:.1f},{:.1f}\n",
                     csv_cell(name), of.sent, of.answered, of.failed, of.unanswered,
                     seconds > 0 ? static_cast<double>(of.answered) / seconds : 0.0,
                     microseconds(l.value_at_percentile(50)), microseconds(l.value_at_percentile(90)),
                     microseconds(l.value_at_percentile(99)), microseconds(l.value_at_percentile(99.9)),
                     microseconds(l.max()), l.mean() / 1e3, of.pushed, microseconds(p.value_at_percentile(50)),
                     microseconds(p.value_at_percentile(99)), microseconds(p.max()));
}

double deviation(histogram const& of) {
  if (of.count() == 0) return 0;
  double squares = 0;
  of.for_each_slot([&](std::uint64_t value, std::uint64_t times) {
    auto const off = static_cast<double>(value) - of.mean();
    squares += off * off * static_cast<double>(times);
  });
  return std::sqrt(squares / static_cast<double>(of.count()));
}

/// The percentiles that HdrHistogram's own printer visits: five for each halving of what is left to 100 %.
class percentile_ladder {
 public:
  double now() const noexcept { return percent_; }
  void climb() noexcept {
    constexpr double ticks_per_halving = 5;
    auto const halvings = std::floor(std::log2(100.0 / (100.0 - percent_))) + 1;
    percent_ += 100.0 / (ticks_per_halving * std::exp2(halvings));
  }

 private:
  double percent_ = 0;
};

std::string hgrm_line(double value, double percent, std::uint64_t count) {
  return fmt::format("{:12.3f} {:2.12f} {:10} {:14.2f}\n", value, percent / 100, count, 1 / (1 - percent / 100));
}

}  // namespace

std::string bench_csv(bench_plan const& plan, bench_report const& r) {
  std::string text =
      "service,sent,answered,failed,unanswered,messages_per_s,p50_us,p90_us,p99_us,p999_us,max_us,mean_us,"
      "pushed,push_p50_us,push_p99_us,push_max_us\n";
  for (std::size_t i = 0; i < r.counts.services.size(); ++i)
    text += csv_row(plan.services[i], r.counts.services[i], r.seconds);
  return text + csv_row("total", r.all, r.seconds);
}

std::string hgrm_text(histogram const& of_ns) {
  std::string text =
      fmt::format("{:>12} {:>14} {:>10} {:>14}\n\n", "Value", "Percentile", "TotalCount", "1/(1-Percentile)");
  percentile_ladder ladder;
  std::uint64_t seen = 0;
  auto const all = of_ns.count();
  double last = 0;
  of_ns.for_each_slot([&](std::uint64_t value, std::uint64_t times) {
    seen += times;
    last = microseconds(value);
    auto const reached = 100.0 * static_cast<double>(seen) / static_cast<double>(all);
    for (; reached >= ladder.now(); ladder.climb()) {
      text += hgrm_line(last, ladder.now(), seen);
      if (seen == all) return;  // of the last slot one line, and then 100 %
    }
  });
  if (all != 0) text += fmt::format("{:12.3f} {:2.12f} {:10}\n", last, 1.0, all);
  text += fmt::format("#[Mean    = {:12.3f}, StdDeviation   = {:12.3f}]\n", of_ns.mean() / 1e3, deviation(of_ns) / 1e3);
  text += fmt::format("#[Max     = {:12.3f}, Total count    = {:12}]\n", microseconds(of_ns.max()), all);
  // Behind what HdrHistogram prints; its readers skip comments.
  return text + "#[Buckets =           31, SubBuckets     =         2048]\n#[Values are microseconds]\n";
}

}  // namespace gw::tools
