#include "commands.hpp"
#include "version.hpp"

#include <fmt/core.h>

#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <exception>
#include <memory>
#include <system_error>

int main(int argc, char** argv) {
  // A peer or a pipe that goes away is an error of the write, not the end of the process.
  std::signal(SIGPIPE, SIG_IGN);
  wsgw::outcome result;
  CLI::App app("A WebSocket gateway that routes every message by its content, and the tools to test it.", "wsgw");
  app.formatter(std::make_shared<wsgw::help_format>());
  app.require_subcommand(1);
  app.fallthrough();  // `wsgw bench --color never` as well as `wsgw --color never bench`
  app.set_help_flag("-h,--help", "Print this help");
  app.set_help_all_flag("--help-all", "Print the help of every command");
  app.set_version_flag("-V,--version", wsgw::version_text, "Print the version");
  auto const choose_colour = [&](std::string const& when) { result.term.colour(when); };
  wsgw::add_choice(app, "--color", choose_colour, {"auto", "always", "never"}, "Colours on stderr [auto]");
  app.footer(
      "Exit codes: 0 done, 1 failed, 2 usage, 3 configuration, 4 an expectation was not met, 5 cannot\n"
      "connect or listen, 130 interrupted. More in 'wsgw man | man -l -'.\n"
      "Examples:\n"
      "  wsgw serve --demo\n"
      "  wsgw client ws://127.0.0.1:8080/ws --call echo/hello '\"hi\"' -1\n"
      "  wsgw help config check");

  wsgw::add_serve(app, result);
  wsgw::add_config(app, result);
  wsgw::add_route(app, result);
  wsgw::add_mock_service(app, result);
  wsgw::add_client(app, result);
  wsgw::add_bench(app, result);
  wsgw::add_healthcheck(app, result);
  wsgw::add_services(app, result);
  wsgw::add_completion(app, result);
  wsgw::add_man(app, result);
  wsgw::add_help(app, result);
  wsgw::add_version(app, result);

  try {
    app.parse(argc, argv);
  } catch (CLI::Success const& asked) {
    return app.exit(asked);
  } catch (CLI::ParseError const& why) {
    result.fail(wsgw::exit_status::usage, wsgw::complaint(app, why));
  } catch (std::system_error const& fault) {
    // A reader of stdout that left wanted no more.
    if (fault.code() != std::errc::broken_pipe) result.fail(wsgw::exit_status::failed, fault.what());
  } catch (std::exception const& bug) {
    result.fail(wsgw::exit_status::failed, bug.what());
  }
  // A full disk behind stdout is noticed here at the latest.
  bool const lost = std::fflush(stdout) != 0 && errno != EPIPE;
  if (lost && result.status != wsgw::exit_status::failed)
    result.fail(wsgw::exit_status::failed, fmt::format("standard output: {}", std::strerror(errno)));
  return static_cast<int>(result.status);
}
