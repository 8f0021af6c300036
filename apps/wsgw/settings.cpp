#include "settings.hpp"

#include "cluster/balancer.hpp"
#include "route/table.hpp"

#include <fmt/core.h>

#include <array>
#include <cstdio>
#include <cstdlib>
#include <filesystem>

namespace wsgw {
namespace {

std::string find_file(settings_flags const& flags) {
  if (!flags.file.empty()) return flags.file;
  if (char const* const named = std::getenv("WSGW_CONFIG"); named != nullptr && *named != '\0') return named;
  for (char const* const usual : {"wsgw.toml", "/etc/wsgw/wsgw.toml"}) {
    std::error_code ignored;
    if (std::filesystem::exists(usual, ignored)) return usual;
  }
  return {};
}

gw::config::outside_knowledge outside(bool services_elsewhere) {
  gw::config::outside_knowledge known;
  known.services_elsewhere = services_elsewhere;
  known.judge_pattern = [](std::string_view pattern) -> std::optional<gw::config::outside_knowledge::pattern_fault> {
    auto const fault = gw::route::url_pattern_fault(pattern);
    if (!fault) return std::nullopt;
    return gw::config::outside_knowledge::pattern_fault{fault->at, fault->text};
  };
  for (auto const& kind : gw::cluster::balancer_kinds()) known.balancers.push_back(kind.name);
  return known;
}

void tell(std::vector<gw::config::problem> const& problems, exit_status how, outcome& result) {
  for (auto const& p : problems) fmt::print(stderr, "{}\n", gw::config::format(p));
  auto const count = problems.size();
  result.fail(how, fmt::format("{} problem{} in the configuration; nothing was started", count, count == 1 ? "" : "s"));
}

}  // namespace

void add_settings_flags(CLI::App& to_app, settings_flags& to) {
  to_app.add_option("-c,--config", to.file, "Configuration file [$WSGW_CONFIG, ./wsgw.toml, /etc/wsgw/wsgw.toml]")
      ->type_name("FILE");
  add_list(to_app, "--service", to.services, "A service and its instances; repeat for more")
      ->type_name("NAME=ADDR,ADDR");
}

std::optional<gw::config::config> load_settings(settings_flags const& flags, outcome& result) {
  auto const file = find_file(flags);
  gw::config::loaded read;
  if (!file.empty()) {
    result.term.note("configuration: " + file);
    read = gw::config::load_file(file, outside(!flags.services.empty()));
  } else if (flags.services.empty()) {
    result.fail(exit_status::bad_config,
                "no configuration: give -c FILE or --service NAME=ADDR, or try 'wsgw serve --demo'");
    return std::nullopt;
  }
  if (!read.problems.empty()) {
    tell(read.problems, exit_status::bad_config, result);
    return std::nullopt;
  }
  for (auto const& flag : flags.services) {
    auto const problems = gw::config::add_service_flag(read.value, flag);
    if (problems.empty()) continue;
    tell(problems, exit_status::usage, result);
    return std::nullopt;
  }
  return std::move(read.value);
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
