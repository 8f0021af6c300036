// From the command line and the environment to a configuration, the same way for every command that needs one.
#pragma once

#include "commands.hpp"

#include "config/config.hpp"
#include "config/kind.hpp"
#include "config/load.hpp"
#include "config/problem.hpp"
#include "core/log.hpp"

#include <optional>
#include <string>
#include <vector>

namespace wsgw {

struct settings_flags {
  std::vector<std::string> files;
  std::vector<std::string> services;     // NAME=ADDR,ADDR
  std::vector<std::string> assignments;  // KEY=VALUE
  std::string listen;
  std::string admin;
  std::optional<std::size_t> workers;
};

/// -c, --service and --set; what the others are for is up to the command.
void add_settings_flags(CLI::App& to_app, settings_flags& to);

/// Where a configuration comes from: the files of the flags, else of $WSGW_CONFIG (with ':' between them), else
/// ./wsgw.toml or /etc/wsgw/wsgw.toml if there is one; above them the WSGW_ variables, and above those the flags.
gw::config::origins origins_of(settings_flags const& flags);

/// What the layers above the loader bring into the reference and the schema.
gw::config::vocabulary known_words();

/// Reads them, with all that the layers above the loader know.
gw::config::loaded read_settings(gw::config::origins const& from);

/// The services of a configuration, for completion: whatever is wrong with it. A name that no service may have is left
/// out, for shells expand the words that they complete.
std::vector<std::string> service_names(settings_flags const& flags);

/// "a.toml, b.toml"; "the command line" if no file was read.
std::string names_of_files(gw::config::loaded const& read);

/// The problems on stderr, and the end of the command.
void tell_problems(gw::config::loaded const& read, outcome& result);

/// The configuration of a command that only looks at it: the files on stderr, and the problems, which `result` gets
/// too; then there is nothing.
std::optional<gw::config::loaded> load_readable(gw::config::origins const& from, outcome& result);

/// Reads the configuration of a command that goes on with it, and says on stderr which files it was; none is needed
/// with --service. Nothing: `result` says what was wrong, and has been told.
std::optional<gw::config::config> load_settings(settings_flags const& flags, outcome& result);

/// FILE... of a command, as a further way to write -c.
void add_files(CLI::App& to_app, std::vector<std::string>& to);

/// Only judges the configuration, for `config check` and `serve --check`: "FILE: ok (2 services, 1 rule)" on stdout, or
/// the problems; as JSON on stdout either way.
void check_settings(settings_flags const& flags, output_form form, outcome& result);

gw::log::settings log_settings(gw::config::log const& from);

}  // namespace wsgw
