#include "commands.hpp"
#include "settings.hpp"
#include "shells.hpp"

#include <fmt/core.h>

#include <memory>

namespace wsgw {
namespace {

constexpr std::string_view examples =
    "The script completes commands, options, their words, files, and the services of the configuration.\n"
    "  bash: into /usr/share/bash-completion/completions/wsgw, or source it from ~/.bashrc\n"
    "  zsh:  into a folder of $fpath, as _wsgw; or source it from ~/.zshrc, behind compinit\n"
    "  fish: into ~/.config/fish/completions/wsgw.fish\n"
    "Examples:\n"
    "  wsgw completion bash > wsgw.bash\n"
    "  wsgw completion zsh > _wsgw\n"
    "  wsgw completion fish > wsgw.fish";

/// What the scripts ask for while somebody types: quick, and silent whatever is wrong.
void print_services(settings_flags const& flags) {
  for (auto const& name : service_names(flags)) fmt::print("{}\n", name);
}

}  // namespace

void add_completion(CLI::App& app, outcome&) {
  auto const flags = std::make_shared<settings_flags>();
  auto* const c = app.add_subcommand("completion", "Print the completion script of a shell");
  c->require_subcommand(1);
  c->footer(std::string(examples));
  auto const add_shell = [&](char const* shell, auto script) {
    auto* const s = c->add_subcommand(shell, fmt::format("For {}", shell));
    s->footer(fmt::format("Examples:\n  wsgw completion {}", shell));
    s->callback([&app, script] { fmt::print("{}", script(command_tree(app))); });
  };
  add_shell("bash", bash_completion);
  add_shell("zsh", zsh_completion);
  add_shell("fish", fish_completion);
  auto* const services = c->add_subcommand("services", "The names of the services, for the scripts")->group("");
  add_settings_flags(*services, *flags);
  services->callback([flags] { print_services(*flags); });
}

}  // namespace wsgw
