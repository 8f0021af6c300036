// Verdicts as text for people and as JSON for programs. Used by `wsgw route test`; writes to a string, knows no files.
#pragma once

#include "tools/route_judge.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace gw::tools {

/// A message and what became of it.
struct route_finding {
  std::string_view message;
  bool binary = false;
  std::uint64_t seq = 1;  // of the message, from 1
  route_verdict const& verdict;
};

/// How often each word was the verdict: by route_verdict::bucket.
class route_counts {
 public:
  explicit route_counts(route_judge const& of) : words_(of.words()), counts_(words_.size()) {}

  void add(route_verdict const& v) noexcept {
    ++counts_[v.bucket];
    ++total_;
  }
  std::uint64_t total() const noexcept { return total_; }
  /// "100 messages: order 60, chat 39, NO_ROUTE 1", services first, without what never was.
  std::string summary() const;
  /// A line each: "      60 order".
  void add_text(std::string& to) const;
  /// {"schema":"wsgw.route_test_summary.v1","messages":100,"verdicts":{"order":60,…}} and a line feed.
  void add_json(std::string& to) const;

 private:
  std::vector<std::string> const& words_;
  std::vector<std::uint64_t> counts_;
  std::uint64_t total_ = 0;
};

/// One line: number, word, and where it goes or what is wrong.
void add_line(std::string& to, route_judge& by, route_finding const& f);
/// Several lines: the word, the rule with its captures, the instances; or the word, what is wrong and the error frame.
void add_paragraph(std::string& to, route_judge& by, route_finding const& f);
/// One JSON object and a line feed.
void add_json(std::string& to, route_judge& by, route_finding const& f);

/// `text` as a JSON string with its quotes; bytes that are not UTF-8 become U+FFFD.
void add_json_string(std::string& to, std::string_view text);

}  // namespace gw::tools
