// From TOML text to a configuration, with every problem of the file at once and each at its place.
// Used by the commands that read a configuration; describe.cpp says which keys there are.
#pragma once

#include "config/config.hpp"
#include "config/problem.hpp"

#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace gw::config {

/// What the loader cannot know by itself, since it stands below the layers that do.
struct outside_knowledge {
  struct pattern_fault {
    std::size_t at = 0;  // byte of the pattern
    std::string text;
  };
  /// Judges url_rule.pattern; not asked if empty.
  std::function<std::optional<pattern_fault>(std::string_view pattern)> judge_pattern = {};
  /// The names that balancer.policy may have; empty = not checked.
  std::vector<std::string_view> balancers = {};
  /// Services come from elsewhere too (--service), so a file without any is fine.
  bool services_elsewhere = false;
};

struct loaded {
  config value;                   // with problems: what could be read, for nothing but further checks
  std::vector<problem> problems;  // in the order of the text
};

/// Reads a whole configuration. A syntax error ends the reading and is then the only problem.
loaded load_text(std::string_view toml, std::string const& file_name, outside_knowledge const& outside = {});

/// The same for a file of at most 4 MiB; that it cannot be read is a problem too.
loaded load_file(std::string const& path, outside_knowledge const& outside = {});

/// `--service NAME=ADDR,ADDR`: adds the service with the channel settings of `to`, or replaces the instances it has.
/// With problems `to` is left alone.
std::vector<problem> add_service_flag(config& to, std::string_view flag);

/// `--listen ADDR`: the first listener binds to ADDR.
std::vector<problem> set_listen_flag(config& to, std::string_view flag);

}  // namespace gw::config
