#include "core/snippet.hpp"
#include "tools/printable.hpp"
#include "tools/route_suite_run.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <iterator>

// How the outcome of test files is told.
namespace gw::tools {
namespace {

using json = nlohmann::ordered_json;

std::string dumped(json const& document) {
  return document.dump(-1, ' ', false, json::error_handler_t::replace) + "\n";
}

template <class Visit>
void each_line(std::string_view text, Visit visit) {
  while (!text.empty()) {
    auto const line = text.substr(0, text.find('\n'));
    visit(line);
    text.remove_prefix(std::min(line.size() + 1, text.size()));
  }
}

std::string sum_of(suites_result const& of) {
  auto const total = of.passed + of.failed;
  return fmt::format("{} {}: {} ok, {} FAILED", total, total == 1 ? "case" : "cases", of.passed, of.failed);
}

void add_text(std::string& to, suites_result const& of, bool quiet) {
  auto const out = std::back_inserter(to);
  for (auto const& suite : of.suites) {
    for (auto const& c : suite.cases) {
      if (c.ok() && quiet) continue;
      fmt::format_to(out, "{:<6}  {}:{}: {}\n", c.ok() ? "ok" : "FAILED", suite.file, c.of->line, one_line(c.of->name));
      for (auto const& difference : c.differences) fmt::format_to(out, "        {}\n", difference);
      each_line(c.explanation, [&](std::string_view line) { fmt::format_to(out, "        | {}\n", line); });
    }
  }
  if (!quiet) {
    for (auto const& [what, place] : of.never_hit) {
      fmt::format_to(out, "never hit: {}{}\n", what, place.empty() ? "" : " (" + place + ")");
    }
  }
  to += sum_of(of) + "\n";
}

json json_of(suite_result const& suite, case_result const& c) {
  json one = {{"name", c.of->name}, {"file", suite.file}, {"line", c.of->line}, {"ok", c.ok()}};
  if (!c.ok()) {
    one["differences"] = c.differences;
    one["explanation"] = c.explanation;
  }
  one["verdict"] = json::parse(c.verdict, nullptr, false);
  one["verdict"].erase("schema");
  one["verdict"].erase("seq");
  return one;
}

json json_of_sum(suites_result const& of, std::string_view schema) {
  json sum = {{"schema", schema}, {"passed", of.passed}, {"failed", of.failed}, {"never_hit", json::array()}};
  for (auto const& [what, place] : of.never_hit) sum["never_hit"].push_back({{"what", what}, {"place", place}});
  return sum;
}

}  // namespace

void add_report(std::string& to, suites_result const& of, report_form form, bool quiet) {
  if (form == report_form::text) return add_text(to, of, quiet);
  auto cases = json::array();
  for (auto const& suite : of.suites) {
    for (auto const& c : suite.cases) {
      if (!c.ok() || !quiet) cases.push_back(json_of(suite, c));
    }
  }
  if (form == report_form::json) {
    auto whole = json_of_sum(of, "wsgw.route_suite.v1");
    whole["cases"] = std::move(cases);
    to += dumped(whole);
    return;
  }
  for (auto& one : cases) {
    json line = {{"schema", "wsgw.route_case.v1"}};
    line.update(one);
    to += dumped(line);
  }
  to += dumped(json_of_sum(of, "wsgw.route_suite_summary.v1"));
}

std::string junit_of(suites_result const& of) {
  auto xml = fmt::format("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites tests=\"{}\" failures=\"{}\">\n",
                         of.passed + of.failed, of.failed);
  auto const out = std::back_inserter(xml);
  for (auto const& suite : of.suites) {
    auto const failed = std::count_if(suite.cases.begin(), suite.cases.end(), [](auto const& c) { return !c.ok(); });
    fmt::format_to(out, "  <testsuite name=\"{}\" tests=\"{}\" failures=\"{}\" errors=\"0\" skipped=\"0\">\n",
                   markup(suite.file), suite.cases.size(), failed);
    for (auto const& c : suite.cases) {
      fmt::format_to(out, "    <testcase classname=\"{0}\" name=\"{1}\" file=\"{0}\" line=\"{2}\"", markup(suite.file),
                     markup(c.of->name), c.of->line);
      if (c.ok()) {
        xml += "/>\n";
        continue;
      }
      fmt::format_to(out, ">\n      <failure message=\"{}\">{}</failure>\n    </testcase>\n",
                     markup(c.differences.front()),
                     markup(fmt::format("{}\n{}", fmt::join(c.differences, "\n"), c.explanation)));
    }
    xml += "  </testsuite>\n";
  }
  return xml += "</testsuites>\n";
}

}  // namespace gw::tools
