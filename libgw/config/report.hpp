// Collects the problems of one text; the part of the loader that knows its lines.
#pragma once

#include "config/problem.hpp"
#include "config/tree.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace gw::config {

class report {
 public:
  /// `text` must outlive the report.
  report(std::string_view text, std::string file);

  void add(position at, std::string key, std::string what);
  /// Whether `key` has a problem already, so that checks built on its value would only confuse.
  bool has(std::string_view key) const;
  /// The problems so far, in the order of the text.
  std::vector<problem> take();

 private:
  std::string file_;
  std::vector<std::string_view> lines_;
  std::vector<problem> problems_;
};

/// The value of `key` ("queue.low") in `table`; nothing if it is not there.
node const* locate(node const& table, std::string_view key);

}  // namespace gw::config
