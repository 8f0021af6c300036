#include "tools/bench_report.hpp"

#include <fmt/core.h>
#include <fmt/format.h>

namespace gw::tools {
namespace {

struct percentile {
  double percent;
  std::string_view name;
};
constexpr percentile shown[] = {{50, "p50"}, {90, "p90"}, {99, "p99"}, {99.9, "p99.9"}};

double us(std::uint64_t ns) {
  return static_cast<double>(ns) / 1e3;
}

std::string line(std::string_view name, std::string_view text) {
  return fmt::format("  {:<12}{}\n", name, text);
}

std::string percentiles(histogram const& of) {
  if (of.count() == 0) return "no values";
  std::string text;
  for (auto const& p : shown) text += fmt::format("{} {:.1f}   ", p.name, us(of.value_at_percentile(p.percent)));
  return text + fmt::format("max {:.1f}", us(of.max()));
}

std::string messages(bench_report const& r) {
  auto text =
      fmt::format("{:.0f} /s   {:.2f} MB/s   {} answered", r.per_second(),
                  r.seconds > 0 ? static_cast<double>(r.all.answer_bytes) / 1e6 / r.seconds : 0.0, r.all.answered);
  if (r.all.failed != 0) text += fmt::format(", {} failed", r.all.failed);
  return text + fmt::format(", {} sent", r.all.sent);
}

std::string errors(bench_report const& r) {
  std::string text;
  for (auto const& [what, times] : r.counts.errors)
    text += fmt::format("{}{}: {}", text.empty() ? "" : ", ", what, times);
  if (r.all.unanswered != 0) text += fmt::format("{}unanswered: {}", text.empty() ? "" : ", ", r.all.unanswered);
  return text.empty() ? "none" : text;
}

std::string cpu(bench_plan const& plan, bench_report const& r) {
  auto text = line("own CPU", fmt::format("{:.3f} us per message, {:.0f} % of a core in the busiest of {} threads",
                                          r.us_per_message(r.own_cpu_s), r.own_load() * 100, plan.threads));
  for (auto const& [pid, seconds] : r.cpu_s) {
    text += line(fmt::format("CPU {}", pid),
                 seconds ? fmt::format("{:.3f} us per message, {:.0f} % of a core", r.us_per_message(*seconds),
                                       r.seconds > 0 ? *seconds / r.seconds * 100 : 0.0)
                         : std::string("unknown: the process is gone"));
  }
  return text;
}

}  // namespace

std::string bench_text(bench_plan const& plan, bench_report const& r) {
  auto text = fmt::format("{} of {} connections, {} in flight each, {:.2f} s\n", r.counts.opened, plan.connections,
                          plan.idle ? 0 : plan.in_flight, r.seconds);
  text += line("messages", messages(r));
  text += line("latency us", percentiles(r.all.latency_ns));
  text += line("connect us", percentiles(r.counts.connect_ns));
  text += cpu(plan, r);
  if (r.all.pushed != 0) text += line("pushed", fmt::format("{} messages without a request", r.all.pushed));
  if (plan.check) text += line("check", fmt::format("{} answers differ from their message", r.all.mismatches));
  text += line("errors", errors(r));
  if (r.stalled) text += "stopped early: no answer came any more\n";
  if (r.interrupted) text += "interrupted\n";
  for (auto const& reason : r.own_limits()) text += fmt::format("the generator itself was the limit: {}\n", reason);
  return text;
}

}  // namespace gw::tools
