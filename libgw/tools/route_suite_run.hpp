// Runs the cases of test files: what became of each, and which rules none of them was about. And the reports of that,
// for people, for programs and for build servers (JUnit). Pure.
#pragma once

#include "tools/route_suite.hpp"
#include "tools/route_test_run.hpp"

#include <cstddef>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace gw::tools {

struct case_result {
  route_case const* of = nullptr;
  std::vector<std::string> differences = {};  // empty: as expected
  std::string explanation = {};               // of a case that failed: every step of the decision
  std::string verdict = {};                   // JSON, as add_json() writes it

  bool ok() const noexcept { return differences.empty(); }
};

struct suite_result {
  std::string file;
  std::vector<case_result> cases;
};

/// A rule, or a service, that no case has reached.
struct unvisited {
  std::string what;   // "rule 'x'", "service 'order'"
  std::string place;  // "wsgw.toml:12"; may be empty
};

struct suites_result {
  std::vector<suite_result> suites;
  std::vector<unvisited> never_hit;
  std::size_t passed = 0;
  std::size_t failed = 0;
};

/// `places`: config::loaded::places. The suites must outlive the result.
suites_result run_route_suites(std::vector<route_suite> const& suites, route_judge& judge,
                               std::map<std::string, std::string> const& places);

/// For people: a line for each case, behind a failed one why; what was never hit; the sum. `quiet`: only failed cases
/// and the sum. As JSON: one document, or (ndjson) a line for each case and one for the sum.
void add_report(std::string& to, suites_result const& of, report_form form, bool quiet);

/// The XML that build servers read: a <testsuite> for each file.
std::string junit_of(suites_result const& of);

}  // namespace gw::tools
