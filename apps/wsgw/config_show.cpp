#include "commands.hpp"
#include "settings.hpp"

#include "config/effective.hpp"
#include "config/schema.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <map>
#include <memory>
#include <utility>

namespace wsgw {
namespace {

using gw::config::effective_value;
using gw::config::text_source;
using nlohmann::ordered_json;

/// Where a value was read from, for programs.
ordered_json origin_of(effective_value const& v) {
  if (!v.written) return {{"kind", "default"}};
  switch (v.from.what) {
    case text_source::kind::file:
      return {{"kind", "file"}, {"file", v.from.name}, {"line", v.line}};
    case text_source::kind::variable:
      return {{"kind", "variable"}, {"name", v.from.name}};
    case text_source::kind::flag:
      return {{"kind", "flag"}, {"name", v.from.name}};
  }
  return {};
}

struct show_options {
  settings_flags flags;
  std::vector<std::string> files;
  bool changed = false;
  output_form output = output_form::text;
};

constexpr std::string_view show_examples =
    "What came from a ${file:/path} is a secret and shown as \"***\". Keys of [channel] stand with a service\n"
    "only where it overrides them.\n"
    "Examples:\n"
    "  wsgw config show wsgw.toml\n"
    "  wsgw config show --changed --service order=127.0.0.1:9001\n"
    "  wsgw config show -c wsgw.toml --set channel.hold=0 -o json";

void show(show_options& o, outcome& result) {
  o.flags.files.insert(o.flags.files.end(), o.files.begin(), o.files.end());
  auto const read = load_readable(origins_of(o.flags), result);
  if (!read) return;
  auto values = gw::config::effective_values(*read);
  if (o.changed) std::erase_if(values, [](effective_value const& v) { return !v.changed; });
  if (o.output == output_form::text) return fmt::print("{}", gw::config::effective_toml(values));
  ordered_json out{{"schema", "wsgw.config_show.v1"}, {"files", read->files}, {"values", ordered_json::array()}};
  for (auto const& v : values) {
    out["values"].push_back({{"key", v.path()},
                             {"value", gw::config::json_of_toml(v.shown())},
                             {"secret", v.secret},
                             {"changed", v.changed},
                             {"origin", origin_of(v)}});
  }
  print_json(out);
}

struct difference {
  effective_value const* before = nullptr;  // nothing: only in the second configuration
  effective_value const* after = nullptr;   // nothing: only in the first
};

/// In the order of the first configuration; what only the second has comes last.
std::vector<difference> differences(std::vector<effective_value> const& a, std::vector<effective_value> const& b) {
  std::map<std::string, effective_value const*> left;
  for (auto const& v : b) left.emplace(v.path(), &v);
  std::vector<difference> found;
  for (auto const& v : a) {
    auto const other = left.find(v.path());
    auto const* const after = other == left.end() ? nullptr : other->second;
    if (after == nullptr || after->value != v.value) found.push_back({&v, after});
    if (after != nullptr) left.erase(other);
  }
  for (auto const& v : b) {
    if (left.contains(v.path())) found.push_back({nullptr, &v});
  }
  return found;
}

struct diff_options {
  std::string first, second;
  output_form output = output_form::text;
};

constexpr std::string_view diff_examples =
    "Compares what two files mean, with what they include and without the environment. Exit 0 if they mean\n"
    "the same, 4 if not.\n"
    "Examples:\n"
    "  wsgw config diff wsgw.toml new.toml\n"
    "  wsgw config diff wsgw.toml new.toml -o json";

ordered_json side_of(effective_value const* v) {
  if (v == nullptr) return nullptr;
  return {{"value", gw::config::json_of_toml(v->shown())}, {"secret", v->secret}, {"origin", origin_of(*v)}};
}

void print_text(std::vector<difference> const& found) {
  auto const print = [](char mark, effective_value const* v) {
    if (v == nullptr) return;
    fmt::print("{:<48} # {}\n", fmt::format("{} {} = {}", mark, v->path(), v->shown()), v->origin());
  };
  for (auto const& d : found) {
    print('-', d.before);
    print('+', d.after);
  }
}

void diff(diff_options const& o, outcome& result) {
  auto const first = load_readable({.files = {o.first}}, result);
  auto const second = load_readable({.files = {o.second}}, result);
  if (!first || !second) return;
  auto const a = gw::config::effective_values(*first);
  auto const b = gw::config::effective_values(*second);
  auto const found = differences(a, b);
  if (!found.empty()) result.status = exit_status::expectation;
  if (o.output == output_form::text) return print_text(found);
  ordered_json out{{"schema", "wsgw.config_diff.v1"}, {"same", found.empty()}, {"differences", ordered_json::array()}};
  for (auto const& d : found) {
    auto const key = (d.before != nullptr ? d.before : d.after)->path();
    out["differences"].push_back({{"key", key}, {"first", side_of(d.before)}, {"second", side_of(d.after)}});
  }
  print_json(out);
}

}  // namespace

void add_config_show(CLI::App& config, outcome& result) {
  auto const o = std::make_shared<show_options>();
  auto* const c = config.add_subcommand("show", "Print every value in effect, and where it comes from");
  add_settings_flags(*c, o->flags);
  add_files(*c, o->files);
  c->add_flag("--changed", o->changed, "Only what is not the default");
  add_output(*c, o->output);
  c->footer(std::string(show_examples));
  c->callback([o, &result] { show(*o, result); });
}

void add_config_diff(CLI::App& config, outcome& result) {
  auto const o = std::make_shared<diff_options>();
  auto* const c = config.add_subcommand("diff", "Tell in what two configurations differ in effect");
  c->add_option("FIRST", o->first, "A configuration file")->type_name("FILE")->required();
  c->add_option("SECOND", o->second, "Another")->type_name("FILE")->required();
  add_output(*c, o->output);
  c->footer(std::string(diff_examples));
  c->callback([o, &result] { diff(*o, result); });
}

}  // namespace wsgw
