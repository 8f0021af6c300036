#include "terminal.hpp"

#include "core/did_you_mean.hpp"

#include <fmt/format.h>

#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <cstdio>
#include <cstdlib>
#include <limits>
#include <vector>

namespace wsgw {
namespace {

constexpr std::string_view red = "\x1b[31m";
constexpr std::string_view yellow = "\x1b[33m";
constexpr std::string_view plain = "\x1b[0m";

std::vector<std::string> names_of_options(CLI::App const& app) {
  // The options of a command's parents may stand behind its name, too.
  auto names = app.get_parent() == nullptr ? std::vector<std::string>() : names_of_options(*app.get_parent());
  for (auto const* const option : app.get_options()) {
    for (auto const& name : option->get_lnames()) names.push_back("--" + name);
    for (auto const& name : option->get_snames()) names.push_back("-" + name);
  }
  return names;
}

std::vector<std::string> names_of_commands(CLI::App const& app) {
  std::vector<std::string> names;
  for (auto const* const command : app.get_subcommands([](CLI::App const* c) { return !c->get_group().empty(); })) {
    names.push_back(command->get_name());
  }
  return names;
}

/// "--output" of "-o,--output": what messages call the option.
std::string last_name(std::string const& names) {
  return names.substr(names.rfind(',') + 1);
}

template <class Value, class Parse>
CLI::Option* add_parsed(CLI::App& app, std::string const& name, Value& to, std::string const& about, Parse parse) {
  auto const take = [&to, parse, label = last_name(name)](std::string const& text) {
    auto const parsed = parse(text);
    if (!parsed) throw CLI::ValidationError(label, parsed.error().context);
    to = *parsed;
  };
  return app.add_option_function<std::string>(name, take, about);
}

std::uint64_t number_of(std::string const& text, std::string const& label, std::uint64_t min, std::uint64_t max) {
  std::uint64_t number = 0;
  auto const* const end = text.data() + text.size();
  auto const [stop, ec] = std::from_chars(text.data(), end, number);
  if (ec != std::errc{} || stop != end || number < min || number > max) {
    auto const bounds = max == std::numeric_limits<std::uint64_t>::max() ? fmt::format("at least {}", min)
                                                                         : fmt::format("{} to {}", min, max);
    throw CLI::ValidationError(label, fmt::format("'{}' is not a whole number, {}", text, bounds));
  }
  return number;
}

/// The latest parsed subcommand; `app` itself if there is none.
CLI::App const& innermost(CLI::App const& app) {
  auto const chosen = app.get_subcommands();
  return chosen.empty() ? app : innermost(*chosen.back());
}

}  // namespace

void terminal::colour(std::string_view when) {
  choice_ = when == "always" ? choice::always : when == "never" ? choice::never : choice::automatic;
}

bool terminal::colour_is_on() const {
  if (choice_ != choice::automatic) return choice_ == choice::always;
  char const* const no_colour = std::getenv("NO_COLOR");
  char const* const kind = std::getenv("TERM");
  return ::isatty(STDERR_FILENO) == 1 && (no_colour == nullptr || *no_colour == '\0') &&
         (kind == nullptr || std::string_view(kind) != "dumb");
}

void terminal::write(std::string_view prefix, std::string_view style, std::string_view text) const {
  bool const painted = !style.empty() && colour_is_on();
  fmt::print(stderr, "wsgw: {}{}{}{}\n", painted ? style : "", prefix, painted ? plain : "", text);
}

void terminal::error(std::string_view text) const {
  write("error: ", red, text);
}
void terminal::warning(std::string_view text) const {
  write("warning: ", yellow, text);
}
void terminal::note(std::string_view text) const {
  write("", "", text);
}

CLI::Option* add_duration(CLI::App& to_app, std::string const& name, std::chrono::milliseconds& to,
                          std::string const& about) {
  auto const text = about + (to == to.zero() ? std::string() : " [" + gw::duration_text(to) + "]");
  return add_parsed(to_app, name, to, text, gw::parse_duration)->type_name("TIME");
}

CLI::Option* add_rate(CLI::App& to_app, std::string const& name, gw::rate& to, std::string const& about) {
  return add_parsed(to_app, name, to, about, gw::parse_rate)->type_name("RATE");
}

CLI::Option* add_list(CLI::App& to_app, std::string const& name, std::vector<std::string>& to,
                      std::string const& about) {
  return to_app.add_option(name, to, about)->allow_extra_args(false);
}

CLI::Option* add_number(CLI::App& to_app, std::string const& name, std::function<void(std::uint64_t)> take,
                        std::uint64_t min, std::uint64_t max, std::string const& about) {
  auto const judge = [=, label = last_name(name)](std::string const& text) { take(number_of(text, label, min, max)); };
  return to_app.add_option_function<std::string>(name, judge, about)->type_name("N");
}

CLI::Option* add_numbers(CLI::App& to_app, std::string const& name, std::function<void(std::uint64_t)> take,
                         std::uint64_t min, std::uint64_t max, std::string const& about) {
  auto const judge = [=, label = last_name(name)](std::vector<std::string> const& texts) {
    for (auto const& text : texts) take(number_of(text, label, min, max));
  };
  return to_app.add_option_function<std::vector<std::string>>(name, judge, about)
      ->allow_extra_args(false)
      ->type_name("N");
}

CLI::Option* add_choice(CLI::App& to_app, std::string const& name, std::function<void(std::string const&)> take,
                        std::vector<std::string> const& words, std::string const& about) {
  auto const label = last_name(name);
  auto const judge = [=](std::string const& text) {
    if (std::find(words.begin(), words.end(), text) == words.end()) {
      std::vector<std::string_view> const known(words.begin(), words.end());
      auto const hint = gw::guess_or_list(text, known, "write one of");
      throw CLI::ValidationError(label, fmt::format("unknown value '{}'{}", text, hint));
    }
    take(text);
  };
  return to_app.add_option_function<std::string>(name, judge, about)
      ->type_name(fmt::format("{}", fmt::join(words, "|")));
}

CLI::Option* add_choice(CLI::App& to_app, std::string const& name, std::string& to,
                        std::vector<std::string> const& words, std::string const& about) {
  auto const take = [&to](std::string const& text) { to = text; };
  return add_choice(to_app, name, take, words, about);
}

CLI::Option* add_output(CLI::App& to_app, output_form& to, std::string const& about) {
  auto const take = [&to](std::string const& form) { to = form == "json" ? output_form::json : output_form::text; };
  auto const usual = to == output_form::json ? "json" : "text";
  auto const text = fmt::format("Form of what is printed{} [{}]", about.empty() ? "" : "; " + about, usual);
  return add_choice(to_app, "-o,--output", take, {"text", "json"}, text);
}

void print_json(nlohmann::ordered_json const& document) {
  // A terminal would obey control characters that JSON need not escape: DEL, and U+0080 to U+009F.
  bool const ascii = ::isatty(STDOUT_FILENO) == 1;
  fmt::print("{}\n", document.dump(-1, ' ', ascii, nlohmann::ordered_json::error_handler_t::replace));
}

help_format::help_format() {
  column_width(32);
}

std::string help_format::make_option_opts(CLI::Option const* option) const {
  auto const value = option->get_type_name();
  // A positional is named by what it is: FILE.
  bool const says_nothing = option->get_positional() && value.find('|') == value.npos;
  return option->get_type_size() == 0 || says_nothing ? std::string() : fmt::format(" {}", value);
}

/// Right below the usage, which names them, and without a heading.
std::string help_format::make_positionals(CLI::App const* app) const {
  std::string text;
  auto const is_shown = [](CLI::Option const* o) { return o->get_positional() && !o->get_group().empty(); };
  for (auto const* const option : app->get_options(is_shown)) text += make_option(option, true);
  return text;
}

std::string path_of(CLI::App const& app) {
  if (app.get_parent() == nullptr) return app.get_name();
  return fmt::format("{} {}", path_of(*app.get_parent()), app.get_name());
}

std::string complaint(CLI::App const& app, CLI::ParseError const& why) {
  auto const& command = innermost(app);
  std::string text = why.what();
  if (auto const once = text.find(": At Most 1 required"); once != text.npos)
    text = fmt::format("{} may be given once only", text.substr(0, once));
  if (auto const inner = names_of_commands(command); !inner.empty()) {
    std::vector<std::string_view> const known(inner.begin(), inner.end());
    text = fmt::format("a command is missing; one of {}", gw::comma_list(known));
  }
  // What was not understood explains more than what is missing because of it.
  if (auto const unknown = app.remaining(true); !unknown.empty()) {
    auto const& word = unknown.front();
    bool const is_option = word.starts_with('-');
    auto const is_command = !is_option && !names_of_commands(command).empty();
    auto const names = is_option ? names_of_options(command) : names_of_commands(command);
    std::vector<std::string_view> const known(names.begin(), names.end());
    auto const given = std::string_view(word).substr(0, word.find('='));
    text = fmt::format("{} '{}'{}",
                       is_option    ? "unknown option"
                       : is_command ? "unknown command"
                                    : "unexpected argument",
                       given, gw::did_you_mean_text(given, known));
  }
  return fmt::format("{}\nsee '{} --help'", text, path_of(command));
}

void raise_descriptor_limit() {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  limit.rlim_cur = limit.rlim_max;
  ::setrlimit(RLIMIT_NOFILE, &limit);
}

}  // namespace wsgw
