#include "tools/bench_report.hpp"
#include "tools/printable.hpp"
#include "tools/svg_plot.hpp"

#include <fmt/format.h>

#include <array>
#include <cmath>
#include <cstdint>

namespace gw::tools {
namespace {

constexpr std::string_view style = R"(
body { font: 15px/1.5 system-ui, sans-serif; max-width: 800px; margin: 2em auto; padding: 0 1em; color: #1b1f24;
  background: #fff; }
table { border-collapse: collapse; margin: 1em 0; }
th, td { text-align: right; padding: 2px 12px; border-bottom: 1px solid #d8dee4; }
th:first-child, td:first-child { text-align: left; padding-left: 0; }
pre { background: #f3f5f7; padding: 12px; overflow-x: auto; }
svg { width: 100%; height: auto; margin: 1em 0; font-size: 12px; }
svg path { fill: none; stroke-width: 1.6; }
svg text { fill: #59636e; }
svg .title { fill: #1b1f24; font-weight: 600; }
svg .grid { stroke: #d8dee4; stroke-width: 1; }
svg .x { text-anchor: middle; }
svg .y { text-anchor: end; }
.l0 { stroke: #0969da; } svg .t0 { fill: #0969da; }
.l1 { stroke: #cf222e; } svg .t1 { fill: #cf222e; }
.l2 { stroke: #1a7f37; } svg .t2 { fill: #1a7f37; }
@media (prefers-color-scheme: dark) {
  body { color: #e6edf3; background: #0d1117; }
  pre { background: #161b22; }
  th, td { border-color: #30363d; }
  svg .title { fill: #e6edf3; }
  svg .grid { stroke: #30363d; }
}
)";

double ms(std::uint64_t ns) {
  return static_cast<double>(ns) / 1e6;
}

/// Over the logarithm of what is left to 100 %, where the tail has room.
svg_line by_percentile(std::string_view name, histogram const& of) {
  svg_line line{.name = name, .points = {}};
  if (of.count() == 0) return line;
  auto const nines = std::log10(static_cast<double>(of.count()));
  for (double x = 0; x <= nines; x += 0.05)
    line.points.emplace_back(x, ms(of.value_at_percentile(100 - 100 / std::pow(10.0, x))));
  return line;
}

std::string percentile_plot(bench_plan const& plan, bench_report const& r) {
  svg_plot plot{.title = "Latency by percentile", .x_name = "percentile", .y_name = "ms", .lines = {}};
  plot.lines.push_back(by_percentile(plan.is_open_loop() ? "since due" : "since sent", r.all.latency_ns));
  if (plan.is_open_loop()) plot.lines.push_back(by_percentile("since sent", r.all.uncorrected_ns));
  constexpr std::array names = {"0 %", "90 %", "99 %", "99.9 %", "99.99 %", "99.999 %", "99.9999 %"};
  for (std::size_t i = 0; i < names.size(); ++i) plot.x_ticks.emplace_back(static_cast<double>(i), names[i]);
  return svg_text(plot);
}

std::string rate_plot(bench_report const& r) {
  svg_line rate{.name = "answered", .points = {}};
  for (auto const& s : r.timeline) rate.points.emplace_back(s.to_s, s.per_second());
  return svg_text({.title = "Answers a second", .x_name = "seconds", .y_name = "/s", .lines = {rate}});
}

std::string time_plot(bench_report const& r) {
  svg_line p50{.name = "p50", .points = {}};
  svg_line p99{.name = "p99", .points = {}};
  for (auto const& s : r.timeline) {
    if (s.answered == 0) continue;
    p50.points.emplace_back(s.to_s, ms(s.p50_ns));
    p99.points.emplace_back(s.to_s, ms(s.p99_ns));
  }
  return svg_text({.title = "Latency over time", .x_name = "seconds", .y_name = "ms", .lines = {p50, p99}});
}

std::string row(std::string_view name, bench_tally const& of) {
  auto const& l = of.latency_ns;
  return fmt::format(
      "<tr><td>{}</td><td>{}</td><td>{}</td><td>{}</td><td>{}</td><td>{:.3f}</td><td>{:.3f}</td><td>{:.3f}</td></tr>\n",
      markup(name), of.sent, of.answered, of.failed, of.unanswered, ms(l.value_at_percentile(50)),
      ms(l.value_at_percentile(99)), ms(l.max()));
}

std::string table(bench_plan const& plan, bench_report const& r) {
  std::string text =
      "<table>\n<tr><th>service</th><th>sent</th><th>answered</th><th>failed</th><th>unanswered</th><th>p50 ms</th>"
      "<th>p99 ms</th><th>max ms</th></tr>\n";
  for (std::size_t i = 0; r.counts.services.size() > 1 && i < r.counts.services.size(); ++i)
    text += row(plan.services[i], r.counts.services[i]);
  return text + row("total", r.all) + "</table>\n";
}

}  // namespace

std::string bench_html(bench_plan const& plan, bench_report const& r) {
  return fmt::format(
             "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n<title>wsgw bench</title>\n"
             "<meta name=\"viewport\" content=\"width=device-width\">\n<style>{}</style>\n</head>\n<body>\n"
             "<h1>wsgw bench</h1>\n<pre>{}</pre>\n",
             style, markup(bench_text(plan, r))) +
         table(plan, r) + percentile_plot(plan, r) + rate_plot(r) + time_plot(r) + "</body>\n</html>\n";
}

}  // namespace gw::tools
