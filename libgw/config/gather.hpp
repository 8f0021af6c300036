// From the files, flags and variables that an operator names to one tree: reads, includes, replaces ${…}, and lays the
// later over the earlier. The first half of the loader.
#pragma once

#include "config/outside.hpp"
#include "config/overlay.hpp"
#include "config/report.hpp"
#include "config/tree.hpp"

#include <set>
#include <string>
#include <vector>

namespace gw::config {

class gatherer {
 public:
  /// Both must outlive the gatherer.
  gatherer(outside_knowledge const& outside, report& problems) : outside_(outside), problems_(problems) {}

  /// A file of at most 4 MiB, then what it includes, which therefore counts as later.
  void add_file(std::string const& path);
  /// The same for a text; its includes are relative to the folder of `name`.
  void add_text(std::string text, std::string const& name);
  void add_overlay(overlay const& it);

  /// The sum of what was added.
  node& root() noexcept { return root_; }
  /// Some text is not TOML: the sum means little.
  bool is_broken() const noexcept { return broken_; }
  /// The files in the order in which they were read.
  std::vector<std::string> const& files() const noexcept { return files_; }
  /// Whether `name` is one of them, and no flag or variable.
  bool is_file(std::string const& name) const;

 private:
  struct place_of_include {
    std::string pattern;
    position at;
  };

  void add_document(unsigned source, std::size_t depth);
  std::vector<place_of_include> includes_of(node const& document);
  void include(std::string const& pattern, position at, std::size_t depth);
  void include_file(std::string const& path, position at, std::size_t depth);

  outside_knowledge const& outside_;
  report& problems_;
  node root_{.value = node::table{}, .at = {}};
  std::vector<std::string> files_;
  std::set<std::string> services_;  // that flags define
  bool broken_ = false;
};

}  // namespace gw::config
