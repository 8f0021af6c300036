// The subcommands: one file and one add_...() each. Adding one: its file, a line here and one in main.cpp.
#pragma once

#include "terminal.hpp"

#include <CLI/CLI.hpp>

namespace wsgw {

/// How the process ends (see wsgw(1)).
enum class exit_status : int {
  ok = 0,
  failed = 1,
  usage = 2,
  bad_config = 3,
  expectation = 4,  // --expect, --check and the like were not met
  unreachable = 5,  // cannot connect, or cannot listen
  interrupted = 130,
};

/// What became of the command that ran, and the terminal it speaks through.
struct outcome {
  exit_status status = exit_status::ok;
  terminal term{};

  /// Ends the command with `how`, and says why on stderr.
  void fail(exit_status how, std::string_view why) {
    status = how;
    term.error(why);
  }
};

// Each adds its subcommand to `app`. `result` outlives the parsing, in which the chosen command runs.
void add_serve(CLI::App& app, outcome& result);
void add_config(CLI::App& app, outcome& result);
void add_route(CLI::App& app, outcome& result);
void add_mock_service(CLI::App& app, outcome& result);
void add_client(CLI::App& app, outcome& result);
void add_bench(CLI::App& app, outcome& result);
void add_version(CLI::App& app, outcome& result);

}  // namespace wsgw
