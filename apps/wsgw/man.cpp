#include "command_tree.hpp"
#include "commands.hpp"
#include "settings.hpp"
#include "version.hpp"

#include "config/manual.hpp"
#include "core/roff.hpp"

#include <fmt/format.h>

#include <memory>
#include <utility>

namespace wsgw {
namespace {

constexpr std::string_view examples =
    "Examples:\n"
    "  wsgw man | man -l -\n"
    "  wsgw man wsgw.toml | man -l -\n"
    "  wsgw man wsgw.toml --markdown > reference.md";

struct fact {
  std::string_view name, value, about;
};

constexpr fact variables[] = {
    {"WSGW_CONFIG", "FILE[:FILE]", "The configuration, where -c does not name it."},
    {"WSGW_LISTEN", "ADDR", "Instead of the first listener's bind, above all files."},
    {"WSGW_ADMIN", "ADDR", "Instead of admin.bind; off = nowhere."},
    {"WSGW_LOG_LEVEL", "LEVEL", "Instead of log.level."},
    {"NO_COLOR", "", "Set to anything: no colours on stderr."},
};

constexpr fact signals[] = {
    {"SIGTERM, SIGINT", "",
     "`serve` drains: it accepts nobody, and every client gets Close 1012. A second one ends it at once."},
    {"SIGUSR1", "", "`serve` reopens its log files."},
    {"SIGHUP", "", "`serve` rereads certificates."},
};

std::string option_names(option_text const& option) {
  return fmt::format("{}", fmt::join(option.names, ", "));
}

void add_command(command_text const& command, gw::man_page& page) {
  page.subheading(command.path);
  page.paragraph(command.about + ".");
  std::string usage = command.path;
  if (!command.options.empty()) usage += " [OPTIONS]";
  for (auto const& p : command.positionals) usage += " " + p.names.front();
  page.verbatim(usage);
  for (auto const& p : command.positionals) page.entry(p.names.front(), "", p.about);
  for (auto const& option : command.options) page.entry(option_names(option), option.value, option.about);
  if (!command.notes.empty()) page.verbatim(command.notes);
  if (!command.examples.empty()) page.verbatim(fmt::format("{}", fmt::join(command.examples, "\n")));
}

template <std::size_t Size>
void add_facts(std::string_view heading, fact const (&facts)[Size], gw::man_page& page) {
  page.heading(heading);
  for (auto const& f : facts) page.entry(f.name, f.value, f.about);
}

/// wsgw(1)
std::string command_page(CLI::App const& app) {
  auto const commands = command_tree(app);
  auto const& whole = commands.front();
  gw::man_page page("WSGW", 1, fmt::format("wsgw {}", version_number()), "wsgw", "WebSocket gateway and its tools");
  page.heading("SYNOPSIS");
  page.paragraph("`wsgw` [OPTIONS] COMMAND ...");
  page.heading("DESCRIPTION");
  page.paragraph(whole.about);
  page.paragraph("Data goes to stdout, everything else to stderr. These options stand before or behind any command:");
  for (auto const& option : whole.options) page.entry(option_names(option), option.value, option.about);
  page.heading("COMMANDS");
  for (auto const& command : commands) {
    if (&command != &whole && command.commands.empty()) add_command(command, page);
  }
  page.heading("EXIT STATUS");
  for (auto const& [status, meaning] : exit_meanings) {
    page.entry(std::to_string(static_cast<int>(status)), "", meaning);
  }
  add_facts("ENVIRONMENT", variables, page);
  add_facts("SIGNALS", signals, page);
  page.heading("FILES");
  page.paragraph("`./wsgw.toml`, else `/etc/wsgw/wsgw.toml`: the configuration, where nothing else names it.");
  page.heading("SEE ALSO");
  page.paragraph("`wsgw.toml`(5)");
  return page.text();
}

struct man_options {
  std::string page = "wsgw";
  bool markdown = false;
};

void run(man_options const& o, CLI::App const& app, outcome& result) {
  auto const words = known_words();
  if (o.page == "wsgw.toml") {
    fmt::print("{}", o.markdown ? gw::config::reference_markdown(words)
                                : gw::config::reference_man_page(version_number(), words));
  } else if (o.markdown) {
    result.fail(exit_status::usage, "--markdown is for wsgw.toml");
  } else {
    fmt::print("{}", command_page(app));
  }
}

}  // namespace

void add_man(CLI::App& app, outcome& result) {
  auto const o = std::make_shared<man_options>();
  auto* const c = app.add_subcommand("man", "Print a manual page: wsgw(1) or wsgw.toml(5)");
  add_choice(*c, "PAGE", o->page, {"wsgw", "wsgw.toml"}, "The page [wsgw]");
  c->add_flag("--markdown", o->markdown, "The keys of wsgw.toml as tables of Markdown");
  c->footer(std::string(examples));
  c->callback([o, &app, &result] { run(*o, app, result); });
}

}  // namespace wsgw
