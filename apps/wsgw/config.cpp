#include "commands.hpp"
#include "settings.hpp"

#include <memory>

namespace wsgw {
namespace {

struct config_options {
  settings_flags flags;
  std::vector<std::string> files;  // without -c
  output_form output = output_form::text;
};

constexpr std::string_view examples =
    "Exit 0 if the configuration is good, else 3 with all its problems. $WSGW_LISTEN, $WSGW_ADMIN and $WSGW_LOG_LEVEL\n"
    "stand above the files, --set and --service above those.\n"
    "Examples:\n"
    "  wsgw config check wsgw.toml\n"
    "  wsgw config check -c wsgw.toml --set channel.connect_timeout=1s --set listener.0.bind=127.0.0.1:8080\n"
    "  wsgw config check wsgw.toml -o json";

void run(config_options o, outcome& result) {
  o.flags.files.insert(o.flags.files.end(), o.files.begin(), o.files.end());
  check_settings(o.flags, o.output, result);
}

}  // namespace

void add_config(CLI::App& app, outcome& result) {
  auto const o = std::make_shared<config_options>();
  auto* const config = app.add_subcommand("config", "Look at configurations");
  config->require_subcommand(1);
  config->footer("Examples:\n  wsgw config check wsgw.toml");
  auto* const c = config->add_subcommand("check", "Tell every problem of a configuration, each with its place");
  add_settings_flags(*c, o->flags);
  c->add_option("FILE", o->files, "The same as -c FILE; later than those");
  add_output(*c, o->output);
  c->footer(std::string(examples));
  c->callback([o, &result] { run(*o, result); });
}

}  // namespace wsgw
