#include "command_tree.hpp"

#include "terminal.hpp"

#include <algorithm>

namespace wsgw {
namespace {

constexpr std::string_view examples_heading = "Examples:\n";

option_text text_of(CLI::Option const& option) {
  option_text text{.names = {}, .value = option.get_type_name(), .about = option.get_description()};
  if (option.get_positional()) {
    text.names = {option.get_name(true)};
    if (text.value == "TEXT") text.value = text.names.front();
    return text;
  }
  for (auto const& name : option.get_snames()) text.names.push_back("-" + name);
  for (auto const& name : option.get_lnames()) text.names.push_back("--" + name);
  if (option.get_type_size() == 0) text.value.clear();
  return text;
}

void split_footer(std::string_view footer, command_text& to) {
  auto const heading = std::min(footer.find(examples_heading), footer.size());
  to.notes = footer.substr(0, heading);
  while (to.notes.ends_with('\n')) to.notes.pop_back();
  auto rest = footer.substr(heading);
  if (!rest.empty()) rest.remove_prefix(examples_heading.size());
  while (!rest.empty()) {
    auto const end = std::min(rest.find('\n'), rest.size());
    auto const begin = std::min(rest.find_first_not_of(' '), end);
    to.examples.emplace_back(rest.substr(begin, end - begin));
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
}

void walk(CLI::App const& app, std::vector<command_text>& to) {
  command_text command{.path = path_of(app), .about = app.get_description()};
  split_footer(app.get_footer(), command);
  for (auto const* const option : app.get_options([](CLI::Option const* o) { return !o->get_group().empty(); })) {
    (option->get_positional() ? command.positionals : command.options).push_back(text_of(*option));
  }
  auto const inner = app.get_subcommands([](CLI::App const* c) { return !c->get_group().empty(); });
  for (auto const* const next : inner) command.commands.push_back(next->get_name());
  to.push_back(std::move(command));
  for (auto const* const next : inner) walk(*next, to);
}

}  // namespace

std::vector<command_text> command_tree(CLI::App const& app) {
  std::vector<command_text> all;
  walk(app, all);
  return all;
}

completion completion_of(option_text const& option) {
  std::string_view const value = option.value;
  auto const is_lower = [](char c) { return c >= 'a' && c <= 'z'; };
  if (value == "FILE") return completion::files;
  if (value.starts_with("SERVICE/")) return completion::service_paths;
  if (value.starts_with("SERVICE")) return completion::services;
  bool const words = value.find('|') != value.npos && std::any_of(value.begin(), value.end(), is_lower);
  return words ? completion::words : completion::none;
}

std::vector<std::string> words_of(std::string_view value) {
  std::vector<std::string> words;
  for (std::size_t at = 0; at <= value.size();) {
    auto const end = std::min(value.find('|', at), value.size());
    words.emplace_back(value.substr(at, end - at));
    at = end + 1;
  }
  return words;
}

}  // namespace wsgw
