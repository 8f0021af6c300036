#include "commands.hpp"
#include "files.hpp"
#include "settings.hpp"

#include "config/manual.hpp"
#include "config/schema.hpp"

#include <fmt/core.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <memory>

namespace wsgw {
namespace {

struct check_options {
  settings_flags flags;
  std::vector<std::string> files;  // without -c
  output_form output = output_form::text;
};

constexpr std::string_view check_examples =
    "Exit 0 if the configuration is good, else 3 with all its problems. $WSGW_LISTEN, $WSGW_ADMIN and\n"
    "$WSGW_LOG_LEVEL stand above the files, --set and --service above those.\n"
    "Examples:\n"
    "  wsgw config check wsgw.toml\n"
    "  wsgw config check -c wsgw.toml --set channel.connect_timeout=1s\n"
    "  wsgw config check wsgw.toml -o json";

void add_check(CLI::App& config, outcome& result) {
  auto const o = std::make_shared<check_options>();
  auto* const c = config.add_subcommand("check", "Tell every problem of a configuration, each with its place");
  add_settings_flags(*c, o->flags);
  add_files(*c, o->files);
  add_output(*c, o->output);
  c->footer(std::string(check_examples));
  c->callback([o, &result] {
    o->flags.files.insert(o->flags.files.end(), o->files.begin(), o->files.end());
    check_settings(o->flags, o->output, result);
  });
}

struct init_options {
  std::string file;
  bool force = false;
};

void write_config(init_options const& to, std::string const& text, outcome& result) {
  if (write_file(to.file, text, to.force)) return result.term.note("wrote " + to.file);
  auto const hint = errno == EEXIST ? "; --force overwrites it" : "";
  result.fail(exit_status::failed, fmt::format("{}: {}{}", to.file, std::strerror(errno), hint));
}

void add_init(CLI::App& config, outcome& result) {
  auto const o = std::make_shared<init_options>();
  auto* const c = config.add_subcommand("init", "Print a configuration that states every key and its default");
  c->add_option("FILE", o->file, "Write it there instead of stdout")->type_name("FILE");
  c->add_flag("--force", o->force, "Overwrite the file");
  c->footer(
      "Examples:\n"
      "  wsgw config init > wsgw.toml.example\n"
      "  wsgw config init all-keys.toml");
  c->callback([o, &result] {
    auto const text = gw::config::commented_config();
    if (o->file.empty()) return fmt::print("{}", text);
    write_config(*o, text, result);
  });
}

void add_schema(CLI::App& config) {
  auto* const c = config.add_subcommand("schema", "Print the JSON Schema of a configuration file, for editors");
  c->footer(
      "An editor with taplo takes it by the first line of a file: #:schema ./wsgw.schema.json\n"
      "Examples:\n"
      "  wsgw config schema > wsgw.schema.json");
  c->callback([] { fmt::print("{}", gw::config::json_schema(known_words())); });
}

}  // namespace

void add_config(CLI::App& app, outcome& result) {
  auto* const config = app.add_subcommand("config", "Check, show, compare and begin configurations");
  config->require_subcommand(1);
  config->footer(
      "Examples:\n"
      "  wsgw config check wsgw.toml\n"
      "  wsgw config show wsgw.toml --changed\n"
      "  wsgw config init all-keys.toml");
  add_check(*config, result);
  add_config_show(*config, result);
  add_config_diff(*config, result);
  add_init(*config, result);
  add_schema(*config);
}

}  // namespace wsgw
