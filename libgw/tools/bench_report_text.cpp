#include "tools/bench_report.hpp"

#include <fmt/format.h>

namespace gw::tools {
namespace {

struct percentile {
  double percent;
  std::string_view name;
};
constexpr percentile shown[] = {{50, "p50"}, {90, "p90"}, {99, "p99"}, {99.9, "p99.9"}};

std::string line(std::string_view name, std::string_view text) {
  return fmt::format("  {:<12}{}\n", name, text);
}

std::string percentiles(histogram const& of) {
  if (of.count() == 0) return "no values";
  std::string text;
  for (auto const& p : shown)
    text += fmt::format("{} {:.1f}   ", p.name, microseconds(of.value_at_percentile(p.percent)));
  return text + fmt::format("max {:.1f}", microseconds(of.max()));
}

std::string messages(bench_report const& r) {
  auto text =
      fmt::format("{:.0f} /s   {:.2f} MB/s   {} answered", r.per_second(),
                  r.seconds > 0 ? static_cast<double>(r.all.answer_bytes) / 1e6 / r.seconds : 0.0, r.all.answered);
  if (r.all.failed != 0) text += fmt::format(", {} failed", r.all.failed);
  return text + fmt::format(", {} sent", r.all.sent);
}

std::string rates(bench_plan const& plan, bench_report const& r) {
  return fmt::format("planned {:g} /s, sent {:.1f} /s, {} skipped", plan.planned_per_s(), r.sent_per_second(),
                     r.counts.skipped);
}

std::string latencies(bench_plan const& plan, bench_report const& r) {
  if (!plan.is_open_loop()) return line("latency us", percentiles(r.all.latency_ns));
  return line("latency us", percentiles(r.all.latency_ns) + "   since due") +
         line("uncorrected", percentiles(r.all.uncorrected_ns) + "   since sent") +
         line("send lag us", percentiles(r.counts.send_lag_ns));
}

/// What came back that was no answer.
std::string oddities(bench_plan const& plan, bench_report const& r) {
  std::string text;
  if (r.all.pushed != 0) text += line("pushed", fmt::format("{} messages without a request", r.all.pushed));
  if (r.all.push_ns.count() != 0) text += line("push us", percentiles(r.all.push_ns));
  if (r.counts.unmatched != 0) text += line("unmatched", fmt::format("{} answers to no message", r.counts.unmatched));
  if (r.counts.duplicates != 0) text += line("duplicate", fmt::format("{} answers once more", r.counts.duplicates));
  if (plan.check) {
    auto const which = plan.check_every == 1 ? std::string("") : fmt::format(", of every {}th", plan.check_every);
    text += line("check", fmt::format("{} answers differ from their message{}", r.all.mismatches, which));
  }
  return text;
}

std::string services(bench_plan const& plan, bench_report const& r) {
  if (r.counts.services.size() < 2) return {};
  std::string text;
  for (std::size_t i = 0; i < r.counts.services.size(); ++i) {
    auto const& of = r.counts.services[i];
    auto const failed = of.failed == 0 ? std::string() : fmt::format(", {} failed", of.failed);
    text +=
        line(plan.services[i], fmt::format("{} answered{}; us: {}", of.answered, failed, percentiles(of.latency_ns)));
  }
  return text;
}

std::string errors(bench_errors of, std::uint64_t unanswered) {
  if (unanswered != 0) of["unanswered"] = unanswered;
  std::string text;
  for (auto const& [what, times] : of) text += fmt::format("{}{}: {}", text.empty() ? "" : ", ", what, times);
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
  auto text = fmt::format("{} of {} connections, {}{} in flight each, {:.2f} s\n", r.counts.opened, plan.connections,
                          plan.is_open_loop() ? "at most " : "", plan.idle ? 0 : plan.in_flight, r.seconds);
  text += line("messages", messages(r));
  if (plan.is_open_loop()) text += line("rate", rates(plan, r));
  text += latencies(plan, r);
  text += services(plan, r);
  text += line("connect us", percentiles(r.counts.connect_ns));
  text += cpu(plan, r);
  text += oddities(plan, r);
  text += line("errors", errors(r.counts.errors, r.all.unanswered));
  if (!r.counts.warmup_errors.empty()) text += line("in warm-up", errors(r.counts.warmup_errors, 0));
  if (r.stalled) text += "stopped early: no answer came any more\n";
  if (r.interrupted) text += "interrupted\n";
  for (auto const& reason : r.own_limits()) text += fmt::format("the generator itself was the limit: {}\n", reason);
  return text;
}

std::string second_text(bench_second const& of) {
  auto const ns = [](std::uint64_t value) {
    return value < 1'000'000 ? fmt::format("{:.4g}us", microseconds(value))
                             : fmt::format("{:.4g}ms", microseconds(value) / 1e3);
  };
  auto const when = of.measured ? fmt::format("{:.0f} s   {:.0f} /s", of.to_s, of.per_second())
                                : fmt::format("warming up   {} connections", of.open);
  auto text = fmt::format("{}   {} in flight", when, of.in_flight);
  if (of.answered != 0) text += fmt::format("   p50 {}   p99 {}", ns(of.p50_ns), ns(of.p99_ns));
  text += fmt::format("   {} errors", of.errors_so_far);
  if (of.skipped != 0) text += fmt::format("   {} skipped", of.skipped);
  return text;
}

}  // namespace gw::tools
