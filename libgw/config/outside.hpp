// What the loader of a configuration cannot know by itself: what higher layers make of a value, and what the system
// around it has. The program fills it in; tests and fuzzers put their own worlds there.
#pragma once

#include "config/files.hpp"
#include "core/text_fault.hpp"

#include <cstddef>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace gw::config {

/// A type of [discovery.NAME], and the keys that not all types take.
struct source_type {
  std::string_view name;
  std::span<std::string_view const> needs = {};
  std::span<std::string_view const> takes = {};  // besides those
};

struct outside_knowledge {
  /// Judge url_rule.pattern, and every regex; not asked if empty.
  std::function<std::optional<text_fault>(std::string_view pattern)> judge_pattern = {};
  std::function<std::optional<text_fault>(std::string_view regex)> judge_regex = {};
  /// The names of the captures of a regex that was judged good; empty = captures are not checked.
  std::function<std::vector<std::string>(std::string_view regex)> captures_of = {};
  /// The names that balancer.policy may have; empty = not checked.
  std::vector<std::string_view> balancers = {};
  /// What discovery.NAME.type may be, and which keys go with it; empty = not checked.
  std::vector<source_type> sources = {};

  std::function<std::optional<std::string>(std::string const& name)> variable = environment_variable;
  std::function<result<std::string>(std::string const& path, std::size_t largest)> read = read_file;
  std::function<std::vector<std::string>(std::string const& pattern)> match = matching_files;
};

}  // namespace gw::config
