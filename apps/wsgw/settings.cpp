#include "settings.hpp"

#include "cluster/balancer.hpp"
#include "config/address.hpp"
#include "discovery/kinds.hpp"
#include "gateway/server.hpp"
#include "route/search.hpp"
#include "route/table.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <array>
#include <cstdio>
#include <filesystem>
#include <string_view>

namespace wsgw {
namespace {

using gw::config::overlay;
using gw::config::text_source;

std::vector<std::string> find_files(settings_flags const& flags) {
  if (!flags.files.empty()) return flags.files;
  std::vector<std::string> files;
  auto const named = gw::config::environment_variable("WSGW_CONFIG").value_or("");
  for (std::size_t at = 0; at < named.size();) {
    auto const end = std::min(named.find(':', at), named.size());
    if (end > at) files.push_back(named.substr(at, end - at));
    at = end + 1;
  }
  if (!files.empty()) return files;
  for (char const* const usual : {"wsgw.toml", "/etc/wsgw/wsgw.toml"}) {
    std::error_code ignored;
    if (std::filesystem::exists(usual, ignored)) return {usual};
  }
  return {};
}

/// `text` sets `key`; "off" is how a shell writes an empty address.
overlay above(std::string from, std::string text, std::string key) {
  if (key == "admin.bind" && text == "off") text.clear();
  auto const what = from.starts_with("--") ? text_source::kind::flag : text_source::kind::variable;
  return {overlay::form::value, std::move(from), std::move(text), std::move(key), what};
}

gw::config::outside_knowledge outside() {
  gw::config::outside_knowledge known;
  known.judge_pattern = gw::route::url_pattern_fault;
  known.judge_regex = gw::route::regex_fault;
  known.captures_of = gw::route::capture_names;
  for (auto const& kind : gw::cluster::balancer_kinds()) known.balancers.push_back(kind.name);
  known.sources = gw::discovery::source_types();
  return known;
}

std::string counted(std::size_t count, std::string_view what) {
  return fmt::format("{} {}{}", count, what, count == 1 ? "" : "s");
}

nlohmann::ordered_json as_json(gw::config::loaded const& read) {
  nlohmann::ordered_json out;
  out["schema"] = "wsgw.config_check.v1";
  out["ok"] = read.problems.empty();
  out["problems"] = nlohmann::ordered_json::array();
  for (auto const& p : read.problems) {
    out["problems"].push_back(
        {{"file", p.file}, {"line", p.line}, {"column", p.column}, {"key", p.key}, {"message", p.text}});
  }
  return out;
}

/// Nothing names a service, and nobody meant to.
bool is_nothing(gw::config::origins const& from) {
  return from.files.empty() && std::all_of(from.overlays.begin(), from.overlays.end(), [](overlay const& it) {
           return it.how == overlay::form::value || it.from == "--workers";
         });
}

void refuse_nothing(outcome& result) {
  result.fail(exit_status::bad_config,
              "no configuration: give -c FILE or --service NAME=ADDR, or try 'wsgw serve --demo'");
}

}  // namespace

void tell_problems(gw::config::loaded const& read, outcome& result) {
  for (auto const& p : read.problems) fmt::print(stderr, "{}\n", gw::config::format(p));
  result.fail(exit_status::bad_config, counted(read.problems.size(), "problem") + " in the configuration");
}

void add_settings_flags(CLI::App& to_app, settings_flags& to) {
  add_list(to_app, "-c,--config", to.files,
           "Configuration; the later wins [$WSGW_CONFIG, ./wsgw.toml, /etc/wsgw/wsgw.toml]")
      ->type_name("FILE");
  add_list(to_app, "--service", to.services, "A service and its instances; repeat for more")
      ->type_name("NAME=ADDR,ADDR");
  add_list(to_app, "--set", to.assignments, "One key above all files, e.g. channel.hold=0; repeat for more")
      ->type_name("KEY=VALUE");
}

gw::config::origins origins_of(settings_flags const& flags) {
  gw::config::origins from{.files = find_files(flags)};
  auto& above_files = from.overlays;
  for (auto const& [variable, key] :
       {std::pair{"WSGW_LISTEN", "listener.0.bind"}, std::pair{"WSGW_ADMIN", "admin.bind"},
        std::pair{"WSGW_LOG_LEVEL", "log.level"}}) {
    auto value = gw::config::environment_variable(variable);
    if (value && !value->empty()) above_files.push_back(above(variable, *std::move(value), key));
  }
  for (auto const& text : flags.services) above_files.push_back({overlay::form::service, "--service", text});
  for (auto const& text : flags.assignments) above_files.push_back({overlay::form::assignment, "--set", text});
  if (!flags.listen.empty()) above_files.push_back(above("--listen", flags.listen, "listener.0.bind"));
  if (!flags.admin.empty()) above_files.push_back(above("--admin", flags.admin, "admin.bind"));
  if (flags.workers) {
    above_files.push_back({overlay::form::assignment, "--workers", fmt::format("workers={}", *flags.workers)});
  }
  return from;
}

gw::config::vocabulary known_words() {
  return {.policies = gw::config::words_of(gw::cluster::balancer_kinds()), .sources = gw::discovery::source_words()};
}

gw::config::loaded read_settings(gw::config::origins const& from) {
  return gw::config::load(from, outside());
}

std::vector<std::string> service_names(settings_flags const& flags) {
  std::vector<std::string> names;
  for (auto& s : read_settings(origins_of(flags)).value.services) {
    if (gw::config::service_name_fault(s.name).empty()) names.push_back(std::move(s.name));
  }
  return names;
}

std::string names_of_files(gw::config::loaded const& read) {
  return read.files.empty() ? "the command line" : fmt::format("{}", fmt::join(read.files, ", "));
}

std::optional<gw::config::loaded> load_readable(gw::config::origins const& from, outcome& result) {
  if (is_nothing(from)) {
    refuse_nothing(result);
    return std::nullopt;
  }
  auto read = read_settings(from);
  if (!read.files.empty()) result.term.note("configuration: " + names_of_files(read));
  if (!read.problems.empty()) {
    tell_problems(read, result);
    return std::nullopt;
  }
  return read;
}

std::optional<gw::config::config> load_settings(settings_flags const& flags, outcome& result) {
  auto read = load_readable(origins_of(flags), result);
  if (!read) return std::nullopt;
  return std::move(read->value);
}

void add_files(CLI::App& to_app, std::vector<std::string>& to) {
  to_app.add_option("FILE", to, "The same as -c FILE; later than those")->type_name("FILE");
}

void check_settings(settings_flags const& flags, output_form form, outcome& result) {
  bool const json = form == output_form::json;
  auto const from = origins_of(flags);
  if (is_nothing(from)) return refuse_nothing(result);
  auto read = read_settings(from);
  if (read.problems.empty()) {
    auto const judged = gw::gateway::judge(read.value);
    if (!judged) read.problems.push_back({.file = names_of_files(read), .text = gw::describe(judged.error())});
  }
  if (json) print_json(as_json(read));
  if (!read.problems.empty()) {
    if (json) {
      result.status = exit_status::bad_config;
    } else {
      tell_problems(read, result);
    }
  } else if (!json) {
    fmt::print("{}: ok ({}, {})\n", names_of_files(read), counted(read.value.services.size(), "service"),
               counted(read.value.rules.size(), "rule"));
  }
}

gw::log::settings log_settings(gw::config::log const& from) {
  using gw::log::level;
  constexpr std::array levels = {level::debug, level::debug, level::info, level::warning, level::error};
  constexpr std::array forms = {gw::log::settings::automatic, gw::log::settings::text, gw::log::settings::json};
  return {.min = levels[static_cast<std::size_t>(from.level)],
          .format = forms[static_cast<std::size_t>(from.format)],
          .access = from.access};
}

}  // namespace wsgw
