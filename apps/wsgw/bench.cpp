#include "bench_options.hpp"
#include "bench_watch.hpp"
#include "commands.hpp"
#include "files.hpp"

#include "tools/bench.hpp"
#include "tools/bench_hints.hpp"
#include "tools/bench_report.hpp"

#include <fmt/core.h>

#include <cerrno>
#include <cstring>
#include <memory>

namespace wsgw {
namespace {

using gw::tools::bench_plan;
using gw::tools::bench_report;

void print(bench_options const& o, bench_plan const& plan, bench_report const& report) {
  switch (o.output) {
    case bench_form::text:
      return fmt::print("{}", bench_text(plan, report));
    case bench_form::json:
      return fmt::print("{}", bench_json(plan, report));
    case bench_form::csv:
      return fmt::print("{}", bench_csv(plan, report));
    case bench_form::hgrm:
      return fmt::print("{}", gw::tools::hgrm_text(plan.push.empty() ? report.all.latency_ns : report.all.push_ns));
  }
}

/// How the command ends: what the user asked to be told comes first.
void judge(bench_options const& o, bench_plan const& plan, bench_report const& report, outcome& result) {
  auto const& all = report.all;
  for (auto const& reason : report.own_limits())
    result.term.warning(fmt::format("the generator itself was the limit: {}", reason));
  if (auto const wanted = plan.connections; report.counts.opened < wanted && !report.interrupted) {
    result.term.warning(fmt::format("{} of {} connections could not be opened: see 'errors' in the report",
                                    wanted - report.counts.opened, wanted));
  }
  for (auto const& hint : hints_of(plan, report)) result.term.warning(hint);
  if (report.interrupted) {
    result.status = exit_status::interrupted;
    return;
  }
  for (auto const& condition : o.fail_if) {
    if (auto const held = condition.holds_for(report); held)
      result.fail(exit_status::expectation, fmt::format("--fail-if {}", *held));
  }
  if (all.mismatches != 0) {
    result.fail(exit_status::expectation, fmt::format("--check: {} answers differ from their message", all.mismatches));
  }
  if (all.answered != 0 || result.status != exit_status::ok) return;
  result.fail(exit_status::failed,
              all.failed == 0 ? "no message was answered" : "nothing but errors came back: see 'errors' in the report");
}

void run(bench_options const& o, outcome& result) {
  auto const plan = plan_of(o);
  if (!plan) return result.fail(exit_status::usage, plan.error().context);
  auto const cannot_write = [&] {
    result.fail(exit_status::failed, fmt::format("cannot write '{}': {}", o.page, std::strerror(errno)));
  };
  // Before the run: it would be a pity to find out afterwards.
  if (!o.page.empty() && !can_be_replaced(o.page)) return cannot_write();
  for (auto const& hint : hints_of(*plan)) result.term.warning(hint);
  raise_descriptor_limit();
  bench_watch watch(result.term);
  gw::tools::bench_surroundings around{.catch_signals = true};
  if (!o.quiet) {
    around.say = [&](std::string const& text) { result.term.note(text); };
    around.watch = [&](gw::tools::bench_second const& one) { watch.show(one); };
  }
  auto const report = gw::tools::run_bench(*plan, around);
  watch.clear();
  if (!report) {
    bool const usage = report.error().code == gw::errc::bad_usage;
    return result.fail(usage ? exit_status::usage : exit_status::unreachable, gw::describe(report.error()));
  }
  print(o, *plan, *report);
  if (!o.page.empty() && !replace_file(o.page, bench_html(*plan, *report))) return cannot_write();
  judge(o, *plan, *report, result);
}

}  // namespace

void add_bench(CLI::App& app, outcome& result) {
  auto const o = std::make_shared<bench_options>();
  auto* const c = app.add_subcommand("bench", "Load a WebSocket server and measure messages, latency and CPU");
  add_bench_options(*c, *o);
  c->callback([o, &result] { run(*o, result); });
}

}  // namespace wsgw
