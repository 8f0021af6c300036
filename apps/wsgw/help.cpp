#include "commands.hpp"

#include "core/did_you_mean.hpp"

#include <fmt/core.h>

#include <memory>

namespace wsgw {
namespace {

/// The command that `words` name below `app`; nothing after a complaint.
CLI::App const* find(CLI::App const& app, std::vector<std::string> const& words, outcome& result) {
  auto const* at = &app;
  for (auto const& word : words) {
    std::vector<std::string> names;
    CLI::App const* next = nullptr;
    for (auto const* const c : at->get_subcommands([](CLI::App const* one) { return !one->get_group().empty(); })) {
      names.push_back(c->get_name());
      if (c->get_name() == word) next = c;
    }
    if (next == nullptr) {
      std::vector<std::string_view> const known(names.begin(), names.end());
      auto const hint = known.empty() ? std::string() : gw::guess_or_list(word, known, "there are");
      result.fail(exit_status::usage, fmt::format("'{}' has no command '{}'{}", path_of(*at), word, hint));
      return nullptr;
    }
    at = next;
  }
  return at;
}

}  // namespace

void add_help(CLI::App& app, outcome& result) {
  auto const words = std::make_shared<std::vector<std::string>>();
  auto* const c = app.add_subcommand("help", "Print the help of a command");
  c->add_option("COMMAND", *words, "Its words; none: the help of wsgw itself");
  c->footer("Examples:\n  wsgw help\n  wsgw help config show");
  c->callback([words, &app, &result] {
    auto const* const found = find(app, *words, result);
    if (found == nullptr) return;
    // Named by what stands before it: CLI11 would go on to the command that was parsed, which is this one.
    auto const* const parent = found->get_parent();
    auto const before = parent == nullptr ? std::string() : path_of(*parent);
    fmt::print("{}", found->get_formatter()->make_help(
                         found, before.empty() ? found->get_name() : before + " " + found->get_name(),
                         CLI::AppFormatMode::Normal));
  });
}

}  // namespace wsgw
