// The subcommands: one file and one add_...() each. Adding one: its file, a line here and one in main.cpp.
#pragma once

#include "terminal.hpp"

#include <CLI/CLI.hpp>

#include <array>
#include <string_view>
#include <utility>

namespace wsgw {

/// How the process ends.
enum class exit_status : int {
  ok = 0,
  failed = 1,
  usage = 2,
  bad_config = 3,
  expectation = 4,
  unreachable = 5,
  interrupted = 130,
};

/// What wsgw(1) says of them.
inline constexpr auto exit_meanings = std::to_array<std::pair<exit_status, std::string_view>>({
    {exit_status::ok, "Done; the answer is yes."},
    {exit_status::failed, "It was tried and failed; `healthcheck`: not healthy."},
    {exit_status::usage, "The command line is wrong. Nothing was done."},
    {exit_status::bad_config, "The configuration is wrong. Nothing was done."},
    {exit_status::expectation,
     "An expectation was not met: --expect, --check, --fail-if, --selftest; `config diff`: they differ."},
    {exit_status::unreachable, "Cannot connect, listen, or open a log file."},
    {exit_status::interrupted, "Interrupted; what was found until then has been printed."},
});

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
void add_config(CLI::App& app, outcome& result);  // and, below it:
void add_config_show(CLI::App& config, outcome& result);
void add_config_diff(CLI::App& config, outcome& result);
void add_route(CLI::App& app, outcome& result);
void add_mock_service(CLI::App& app, outcome& result);
void add_client(CLI::App& app, outcome& result);
void add_bench(CLI::App& app, outcome& result);
void add_healthcheck(CLI::App& app, outcome& result);
void add_services(CLI::App& app, outcome& result);
void add_completion(CLI::App& app, outcome& result);
void add_man(CLI::App& app, outcome& result);
void add_help(CLI::App& app, outcome& result);
void add_version(CLI::App& app, outcome& result);

}  // namespace wsgw
