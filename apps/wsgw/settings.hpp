// From the command line to a configuration, the same way for every command that needs one.
#pragma once

#include "commands.hpp"

#include "config/config.hpp"
#include "config/load.hpp"
#include "config/problem.hpp"
#include "core/log.hpp"

#include <optional>
#include <string>
#include <vector>

namespace wsgw {

struct settings_flags {
  std::string file;
  std::vector<std::string> services;  // NAME=ADDR,ADDR
};

void add_settings_flags(CLI::App& to_app, settings_flags& to);

/// Reads the file named by -c, else $WSGW_CONFIG, ./wsgw.toml or /etc/wsgw/wsgw.toml, and says on stderr which one it
/// was; none is needed with --service. Nothing: `result` says what was wrong, and has been told.
std::optional<gw::config::config> load_settings(settings_flags const& flags, outcome& result);

gw::log::settings log_settings(gw::config::log const& from);

}  // namespace wsgw
