#include "config/load.hpp"

#include "config/address.hpp"
#include "config/checks.hpp"
#include "config/describe.hpp"
#include "config/gather.hpp"
#include "config/report.hpp"
#include "config/section_reader.hpp"
#include "config/text_checks.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <utility>

namespace gw::config {
namespace {

/// What may follow the dot of [services.X] and [discovery.X].
std::string fault_of_name(std::string_view section, std::string_view name) {
  return section == service_section().name ? service_name_fault(name) : label_fault(name);
}

/// Where rules and services stand, as far as files say it.
std::map<std::string, std::string> places_in(gatherer& gathered, report const& problems, config const& value) {
  std::map<std::string, std::string> places;
  auto const add = [&](std::string key, position at) {
    auto const& name = problems.name_of(at.source);
    places[std::move(key)] = gathered.is_file(name) && at.line != 0 ? fmt::format("{}:{}", name, at.line) : name;
  };
  auto& root = gathered.root();
  for (std::size_t i = 0; i < value.rules.size(); ++i) {
    if (auto const* const rule = section_node(root, "rule", i)) add("rule." + value.rules[i].id, rule->at);
  }
  auto const* const services = root.find("services");
  auto const* const members = services == nullptr ? nullptr : services->value.as<node::table>();
  if (members == nullptr) return places;
  for (auto const& m : *members) add("services." + m.key, m.at);
  return places;
}

/// Reads one tree into one configuration.
class loader {
 public:
  loader(report& problems, config& value) : problems_(problems), tables_(problems), value_(value) {}

  void read(node const& root) {
    auto known = names_below(top_section(), "");
    each_section([&known](auto const& s, auto) { known.push_back(s.name); });
    for (auto const& m : *root.as<node::table>()) {
      if (auto const* const key = top_section().find(m.key)) {
        tables_.read_setting(*key, m.value, m.key, value_);
      } else if (std::find(known.begin(), known.end(), m.key) == known.end()) {
        problems_.add(m.at, m.key, unknown_key(m.key, known));
      }
    }
    each_section([&](auto const& s, auto where) {
      if (auto const* const m = root.find(s.name)) read_section(s, m->value, value_.*where);
    });
  }

 private:
  template <class Owner>
  void read_section(section<Owner> const& s, node const& from, Owner& to) {
    tables_.read_table(s, from, to);
  }

  template <class Owner>
  void read_section(section<Owner> const& s, node const& from, std::vector<Owner>& to) {
    if (s.form == shape::named) {
      if constexpr (requires { Owner{}.name; }) read_named(s, from, to);
    } else {
      tables_.read_list(s, from, to);
    }
  }

  /// [name.X]: one for each X.
  template <class Owner>
  void read_named(section<Owner> const& s, node const& from, std::vector<Owner>& to) {
    auto const* const members = from.as<node::table>();
    if (members == nullptr) {
      return problems_.add(from.at, std::string(s.name),
                           fmt::format("must be tables by name; write {}", heading_of(s)));
    }
    for (auto const& m : *members) {
      auto const path = fmt::format("{}.{}", s.name, m.key);
      if (auto what = fault_of_name(s.name, m.key); !what.empty()) problems_.add(m.at, path, std::move(what));
      if (m.value.as<node::table>() == nullptr) {
        problems_.add(m.value.at, path, fmt::format("must be a table; write [{}]", path));
        continue;
      }
      auto& one = to.emplace_back();
      one.name = m.key;
      if constexpr (std::is_same_v<Owner, service>) one.channel = value_.channel;
      tables_.read_owner(s, m.value, path, one);
    }
  }

  report& problems_;
  section_reader tables_;
  config& value_;
};

loaded finish(gatherer& gathered, report& problems, outside_knowledge const& outside) {
  loaded result;
  if (!gathered.is_broken()) {
    loader(problems, result.value).read(gathered.root());
    check_whole(result.value, gathered.root(), outside, problems);
    result.places = places_in(gathered, problems, result.value);
  }
  result.problems = problems.take();
  result.files = gathered.files();
  result.written = std::move(gathered.root());
  result.sources = problems.sources();
  return result;
}

}  // namespace

loaded load(origins const& from, outside_knowledge const& outside) {
  report problems;
  gatherer gathered(outside, problems);
  for (auto const& path : from.files) gathered.add_file(path);
  for (auto const& it : from.overlays) gathered.add_overlay(it);
  return finish(gathered, problems, outside);
}

loaded load_text(std::string_view toml, std::string const& file_name, outside_knowledge const& outside) {
  report problems;
  gatherer gathered(outside, problems);
  gathered.add_text(std::string(toml), file_name);
  return finish(gathered, problems, outside);
}

}  // namespace gw::config
