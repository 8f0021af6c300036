// What every subcommand shares toward the user: messages on stderr, colours, options with units, the form of what goes
// to stdout, complaints about the command line.
#pragma once

#include "core/units.hpp"

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include <chrono>
#include <concepts>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace wsgw {

/// Writes for people, to stderr. Colour is an ornament: nothing depends on it.
class terminal {
 public:
  /// `when`: auto, always or never. auto: a terminal, without NO_COLOR and TERM=dumb.
  void colour(std::string_view when);

  void error(std::string_view text) const;    // "wsgw: error: text"
  void note(std::string_view text) const;     // "wsgw: text"
  void warning(std::string_view text) const;  // "wsgw: warning: text"

 private:
  void write(std::string_view prefix, std::string_view style, std::string_view text) const;
  bool colour_is_on() const;

  enum class choice : std::uint8_t { automatic, always, never } choice_ = choice::automatic;
};

/// Options whose values carry units ("10ms", "200/s"); a value that does not parse is an error of usage that says how
/// to write it. `to` keeps its value, which the help shows, if the option is not given.
CLI::Option* add_duration(CLI::App& to_app, std::string const& name, std::chrono::milliseconds& to,
                          std::string const& about);
CLI::Option* add_rate(CLI::App& to_app, std::string const& name, gw::rate& to, std::string const& about);

/// A whole number; `take` gets it.
CLI::Option* add_number(CLI::App& to_app, std::string const& name, std::function<void(std::uint64_t)> take,
                        std::uint64_t min, std::uint64_t max, std::string const& about);
template <std::integral Number>
CLI::Option* add_number(CLI::App& to_app, std::string const& name, Number& to, std::uint64_t min, std::uint64_t max,
                        std::string const& about) {
  auto const take = [&to](std::uint64_t number) { to = static_cast<Number>(number); };
  return add_number(to_app, name, std::function<void(std::uint64_t)>(take), min, max, about);
}

/// One whole number each time the option is given; `take` gets them one by one.
CLI::Option* add_numbers(CLI::App& to_app, std::string const& name, std::function<void(std::uint64_t)> take,
                         std::uint64_t min, std::uint64_t max, std::string const& about);

/// An option that takes one of `words`, which the help and the completion of shells show.
CLI::Option* add_choice(CLI::App& to_app, std::string const& name, std::string& to,
                        std::vector<std::string> const& words, std::string const& about);
CLI::Option* add_choice(CLI::App& to_app, std::string const& name, std::function<void(std::string const&)> take,
                        std::vector<std::string> const& words, std::string const& about);

/// A list option that takes one value each time it is given.
CLI::Option* add_list(CLI::App& to_app, std::string const& name, std::vector<std::string>& to,
                      std::string const& about);

/// -o: how a command prints its data on stdout.
enum class output_form : std::uint8_t { text, json };

/// -o, --output: text or json. `to` keeps its value, which the help shows, if the option is not given. `about`: what
/// else there is to say, such as "json: one object a line".
CLI::Option* add_output(CLI::App& to_app, output_form& to, std::string const& about = {});

/// One line on stdout. A document tells in its first member what it is: {"schema": "wsgw.config_check.v1", ...}; keys
/// are snake_case with the unit in the name. Bytes that are not UTF-8 are replaced. A terminal gets
/// ASCII, which is all escaped that it could obey.
void print_json(nlohmann::ordered_json const& document);

/// The layout of --help: an option, its value and what it does on one line; what excludes what is left to the errors.
class help_format final : public CLI::Formatter {
 public:
  help_format();
  std::string make_option_opts(CLI::Option const* option) const override;
  std::string make_positionals(CLI::App const* app) const override;
};

/// How the command is called: "wsgw config check".
std::string path_of(CLI::App const& app);

/// What to tell about a command line that was not understood: what is wrong, the word that was probably meant, where
/// the help is.
std::string complaint(CLI::App const& app, CLI::ParseError const& why);

/// Allows as many open descriptors as the system lets us have. Servers and load generators call it first.
void raise_descriptor_limit();

}  // namespace wsgw
