#include "tools/bench_hints.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <string_view>

namespace gw::tools {
namespace {

bool is_in_messages(std::string_view blank, bench_plan const& plan) {
  return std::any_of(plan.mix.begin(), plan.mix.end(),
                     [&](auto const& m) { return m.text.find(blank) != m.text.npos; });
}

bool is_in_headers(std::string_view blank, bench_plan const& plan) {
  auto const holds = [&](auto const& field) { return field.value.find(blank) != field.value.npos; };
  return std::any_of(plan.targets.begin(), plan.targets.end(), [&](websocket_request const& to) {
    return std::any_of(to.fields.begin(), to.fields.end(), holds);
  });
}

bool is_used(std::string_view blank, bench_plan const& plan) {
  return is_in_messages(blank, plan) || is_in_headers(blank, plan);
}

bool came_back_only(std::string_view code, bench_report const& r) {
  auto const found = r.counts.errors.find(code);
  return r.all.answered == 0 && r.all.failed != 0 && found != r.counts.errors.end() && found->second == r.all.failed;
}

}  // namespace

std::vector<std::string> hints_of(bench_plan const& plan) {
  std::vector<std::string> hints;
  if (plan.services.size() > 1 && !plan.mix.empty() && !is_in_messages("{service}", plan))
    hints.emplace_back("--service names several, but no -m holds {service}: each gets the same messages");
  if (plan.rows.rows() != 0 && !is_used("{csv:", plan) && !is_used("{next:", plan))
    hints.emplace_back("--csv is not used: neither -m nor -H holds {csv:COLUMN} or {next:COLUMN}");
  if (plan.targets.size() > plan.connections)
    hints.push_back(fmt::format("of {} URLs only the first {} {} used: there are no more connections",
                                plan.targets.size(), plan.connections, plan.connections == 1 ? "is" : "are"));
  return hints;
}

std::vector<std::string> hints_of(bench_plan const& plan, bench_report const& report) {
  std::vector<std::string> hints;
  if (came_back_only("NO_ROUTE", report)) {
    hints.push_back(plan.mix.empty()
                        ? fmt::format("the gateway has no service '{}': name one of its own with --service, "
                                      "or give a message with -m",
                                      fmt::join(plan.services, "', '"))
                        : std::string("the gateway has no route for the message of -m: see 'wsgw route test'"));
  }
  if (came_back_only("NO_INSTANCE", report))
    hints.emplace_back("the gateway knows the service, but no instance of it is healthy");
  if (!plan.push.empty() && !report.counts.saw_push_stamp)
    hints.push_back(fmt::format("--push {}: no message held a time in microseconds there", plan.push));
  return hints;
}

}  // namespace gw::tools
