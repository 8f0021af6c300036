#include "commands.hpp"

#include "demo.hpp"
#include "settings.hpp"
#include "version.hpp"

#include "core/clock.hpp"
#include "core/crash_report.hpp"
#include "core/log.hpp"
#include "gateway/server.hpp"

#include <fmt/core.h>

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <memory>

namespace wsgw {
namespace {

struct serve_options {
  settings_flags flags;
  bool check = false;
  bool demo = false;
  bool selftest = false;
};

constexpr std::string_view examples =
    "SIGTERM or SIGINT drains: every client gets Close 1012; a second signal ends it at once.\n"
    "SIGUSR1 reopens log files, SIGHUP rereads certificates.\n"
    "Examples:\n"
    "  wsgw serve -c wsgw.toml\n"
    "  wsgw serve --service order=127.0.0.1:9001,127.0.0.1:9002 --service chat=127.0.0.1:9101\n"
    "  wsgw serve --demo";

/// Why the access log cannot be written to `path`; empty if it can. The log itself would only say so and go on without.
std::string access_fault(std::string const& path) {
  if (path == "stdout" || path == "off") return {};
  int const file = ::open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NONBLOCK, 0640);
  if (file < 0) return fmt::format("log.access: cannot open {}: {}", path, std::strerror(errno));
  ::close(file);
  return {};
}

exit_status serve(gw::config::config settings, outcome& result) {
  if (auto const why = access_fault(settings.log.access); !why.empty()) {
    result.term.error(why);
    return exit_status::unreachable;
  }
  gw::install_crash_report(version_text());
  gw::log::start(log_settings(settings.log));
  gw::monotonic_clock const time;
  gw::gateway::server server(std::move(settings), time, version_number());
  if (auto const opened = server.open(); !opened) {
    gw::log::stop();
    result.term.error(gw::describe(opened.error()));
    return opened.error().code == gw::errc::io ? exit_status::unreachable : exit_status::bad_config;
  }
  for (auto const& at : server.client_addresses()) {
    gw::log::event(gw::log::level::info, "listening", {{"address", at.text()}, {"for", "clients"}});
  }
  for (auto const& at : server.probe_addresses()) {
    gw::log::event(gw::log::level::info, "listening", {{"address", at.text()}, {"for", "probes"}});
  }
  gw::log::event(gw::log::level::info, "ready", {{"workers", server.workers()}});
  server.run();
  gw::log::event(gw::log::level::info, "stopped");
  gw::log::stop();
  return exit_status::ok;
}

void run(serve_options& o, outcome& result) {
  if (o.demo) {
    result.status = o.selftest ? demo_selftest(result.term) : demo(result.term, o.flags.listen, o.flags.admin);
    return;
  }
  if (o.check) return check_settings(o.flags, output_form::text, result);
  auto settings = load_settings(o.flags, result);
  if (settings) result.status = serve(std::move(*settings), result);
}

}  // namespace

void add_serve(CLI::App& app, outcome& result) {
  auto const o = std::make_shared<serve_options>();
  auto* const c = app.add_subcommand("serve", "Run the gateway");
  add_settings_flags(*c, o->flags);
  c->add_option("--listen", o->flags.listen, "Where clients connect, instead of the first listener's bind")
      ->type_name("ADDR");
  c->add_option("--admin", o->flags.admin, "Where /healthz, /readyz and /metrics are answered; off = nowhere")
      ->type_name("ADDR");
  auto const take_workers = [o](std::uint64_t count) { o->flags.workers = static_cast<std::size_t>(count); };
  add_number(*c, "--workers", take_workers, 0, 1024, "Threads of the data path; 0 = one per core");
  c->add_flag("--check", o->check, "Only judge the configuration");
  auto* const demo = c->add_flag("--demo", o->demo, "Gateway and mock services together, on free loopback ports");
  c->add_flag("--selftest", o->selftest,
              "With --demo: send messages to two services over one socket and leave (0 or 4)")
      ->needs(demo);
  c->footer(std::string(examples));
  c->callback([o, &result] { run(*o, result); });
}

}  // namespace wsgw
