// Worlds for tests of the loader: files and variables that exist in memory only, and problems as lines.
// Used by the tests of config/.
#pragma once

#include "config/load.hpp"

#include <algorithm>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace gw::testing {

/// A system that has these files and variables and no others. A pattern matches by what stands before and behind its
/// '*'. The maps are copied.
inline config::outside_knowledge world_of(std::map<std::string, std::string> const& files,
                                          std::map<std::string, std::string> const& variables = {}) {
  config::outside_knowledge outside;
  outside.read = [files](std::string const& path, std::size_t largest) -> result<std::string> {
    auto const found = files.find(path);
    if (found == files.end()) return error{errc::bad_config, side::gateway, "cannot be read: it is not there", {}};
    if (found->second.size() > largest) return error{errc::bad_config, side::gateway, "is larger than allowed", {}};
    return found->second;
  };
  outside.match = [files](std::string const& pattern) {
    auto const star = pattern.find('*');
    auto const before = pattern.substr(0, star);
    auto const behind = pattern.substr(star + 1);
    std::vector<std::string> names;
    for (auto const& [name, content] : files) {
      bool const same_folder = name.rfind('/') == before.rfind('/');
      if (same_folder && name.starts_with(before) && name.ends_with(behind)) names.push_back(name);
    }
    return names;
  };
  outside.variable = [variables](std::string const& name) -> std::optional<std::string> {
    auto const found = variables.find(name);
    if (found == variables.end()) return std::nullopt;
    return found->second;
  };
  return outside;
}

/// A system in which every file is a certificate.
inline config::outside_knowledge pem_everywhere() {
  auto outside = world_of({});
  outside.read = [](std::string const&, std::size_t) -> result<std::string> { return "-----BEGIN CERTIFICATE-----\n"; };
  return outside;
}

/// All problems, one a line, without the source lines.
inline std::string problems_of(config::loaded const& result) {
  std::string shown;
  for (auto const& p : result.problems) {
    auto const text = format(p);
    shown += text.substr(0, text.find('\n')) + "\n";
  }
  return shown;
}

inline std::string problems_of(std::string_view toml, config::outside_knowledge const& outside = {}) {
  return problems_of(config::load_text(toml, "f.toml", outside));
}

}  // namespace gw::testing
