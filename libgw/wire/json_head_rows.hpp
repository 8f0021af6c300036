// The check behind every table about the JSON head: a message must get its verdict whole, and the same verdict when it
// is cut at any byte into a prefix and a streamed rest. Used by the tests of json_head.
#pragma once

#include "testing/catch.hpp"
#include "wire/json_head.hpp"

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace gw::wire {

struct head_row {
  std::string text;
  head_verdict verdict;
  std::string value = {};  // of `found`
};

inline head_verdict streamed(head_rules const& rules, std::vector<std::string_view> const& pieces) {
  tail_walk tail{rules};
  for (auto const piece : pieces) {
    if (!tail.feed(piece)) return tail.fault();
  }
  tail.finish();
  return tail.fault();
}

inline void check_cuts(std::string_view text, head_rules const& rules, head const& whole) {
  head_scanner scanner{rules};
  for (std::size_t cut = 0; cut <= text.size(); ++cut) {
    auto const first = text.substr(0, cut);
    auto const rest = text.substr(cut);
    auto const head = scanner.scan_prefix(first);
    INFO("cut at " << cut);
    if (head.verdict == head_verdict::undecided) continue;
    if (head.verdict != head_verdict::found) {
      CHECK(head.verdict == whole.verdict);
      CHECK(head.at == whole.at);
      continue;
    }
    if (whole.verdict == head_verdict::found) CHECK(head.value == whole.value);
    CHECK(streamed(rules, {first, rest}) == whole.verdict);
    CHECK(streamed(rules, {first, rest.substr(0, 1), rest.substr(rest.empty() ? 0 : 1)}) == whole.verdict);
  }
}

inline void check(head_row const& row, head_rules const& rules = {}) {
  INFO(row.text.substr(0, 200));
  head_scanner scanner{rules};
  auto const head = scanner.scan(row.text);
  CHECK(head.verdict == row.verdict);
  CHECK(head.value == row.value);
  CHECK(head.why.empty() == (head.verdict == head_verdict::found));
  CHECK(head.at <= row.text.size());
  if (row.text.size() < 2000) check_cuts(row.text, rules, head);
}

inline void check(std::vector<head_row> const& rows, head_rules const& rules = {}) {
  for (auto const& row : rows) check(row, rules);
}

inline std::string repeat(std::size_t times, std::string_view part) {
  std::string text;
  for (std::size_t i = 0; i < times; ++i) text += part;
  return text;
}

}  // namespace gw::wire
