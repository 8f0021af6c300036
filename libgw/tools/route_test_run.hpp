// `wsgw route test` over messages: judges one after the other, prints every verdict, counts, and holds each to what was
// expected. Writes to a string that its caller empties; reads nothing itself.
#pragma once

#include "tools/route_judge.hpp"
#include "tools/route_report.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace gw::tools {

enum class report_form : std::uint8_t { text, json, ndjson };

struct route_test_plan {
  report_form form = report_form::text;
  bool many = false;     // text: a line for each message; json: a list
  bool quiet = false;    // only the counts
  bool explain = false;  // every step of every decision
  bool binary = false;
  std::string expect = {};  // the word that every verdict must have; empty = any
};

/// Where a message stands.
struct message_place {
  std::string_view file = {};  // empty: on the command line
  std::uint64_t line = 0;      // of the file, or which argument; 0 = there is but one
};

class route_test_run {
 public:
  /// `out` gets what is for stdout. Both must outlive the run.
  route_test_run(route_judge& by, judged_session session, route_test_plan plan, std::string& out);

  void take(std::string_view message, message_place at);
  /// Behind the last message.
  void finish();

  route_counts const& counts() const noexcept { return counts_; }
  std::uint64_t unmet() const noexcept { return unmet_; }
  /// The first few verdicts that were not as expected, each in a line or two, then how many more there were.
  std::vector<std::string> complaints() const;

 private:
  void print(route_finding const& f);
  void complain(route_finding const& f, message_place at);

  route_judge& judge_;
  judged_session session_;
  route_test_plan plan_;
  std::string& out_;
  route_counts counts_;
  std::uint64_t unmet_ = 0;
  std::vector<std::string> complaints_;
};

}  // namespace gw::tools
