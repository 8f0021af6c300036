// From files, flags and variables to a configuration, with every problem at once and each at its place.
// Used by the commands that read a configuration; the describe files say which keys there are.
#pragma once

#include "config/config.hpp"
#include "config/outside.hpp"
#include "config/overlay.hpp"
#include "config/problem.hpp"
#include "config/tree.hpp"

#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace gw::config {

/// What a configuration is made of. The later wins, key by key; [[sections]] of several files add up.
struct origins {
  std::vector<std::string> files = {};
  std::vector<overlay> overlays = {};  // above all files
};

struct loaded {
  config value;                      // with problems: what could be read, for nothing but further checks
  std::vector<problem> problems;     // text by text, each in its order
  std::vector<std::string> files;    // that were read, the included ones too
  node written;                      // what `value` was read from: the texts, laid over one another
  std::vector<text_source> sources;  // the texts, by position::source
  /// Where things stand, by "rule.ID" and "services.NAME": "wsgw.toml:12", or the flag or variable.
  std::map<std::string, std::string> places;
};

/// Reads a whole configuration. Files have at most 4 MiB. While one cannot be read or is no TOML, only such problems
/// are told.
loaded load(origins const& from, outside_knowledge const& outside = {});

/// The same for one text, as if it were the file of that name.
loaded load_text(std::string_view toml, std::string const& file_name, outside_knowledge const& outside = {});

}  // namespace gw::config
