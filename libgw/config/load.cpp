#include "config/load.hpp"

#include "config/address.hpp"
#include "config/checks.hpp"
#include "config/describe.hpp"
#include "config/gather.hpp"
#include "config/report.hpp"
#include "core/did_you_mean.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace gw::config {
namespace {

/// The next parts of the dotted names that begin with `prefix`: for "queue." they are "high" and "low".
template <class Owner>
std::vector<std::string_view> names_below(section<Owner> const& s, std::string_view prefix) {
  std::vector<std::string_view> names;
  for (auto const& key : s.settings) {
    if (!key.name.starts_with(prefix)) continue;
    auto const rest = key.name.substr(prefix.size());
    auto const name = rest.substr(0, rest.find('.'));
    if (std::find(names.begin(), names.end(), name) == names.end()) names.push_back(name);
  }
  return names;
}

std::string unknown_key(std::string_view key, std::vector<std::string_view> const& known) {
  auto const custom = customary_key(key);
  if (std::find(known.begin(), known.end(), custom) != known.end()) {
    return fmt::format("unknown key; did you mean '{}'?", custom);
  }
  return "unknown key" + guess_or_list(key, known, "known here:");
}

/// Reads one tree into one configuration.
class loader {
 public:
  loader(report& problems, config& value) : problems_(problems), value_(value) {}

  void read(node const& root) {
    auto known = names_below(top_section(), "");
    each_section([&known](auto const& s, auto) { known.push_back(s.name); });
    for (auto const& m : *root.as<node::table>()) {
      if (auto const* const key = top_section().find(m.key)) {
        read_setting(*key, m.value, m.key, value_);
      } else if (std::find(known.begin(), known.end(), m.key) == known.end()) {
        problems_.add(m.at, m.key, unknown_key(m.key, known));
      }
    }
    each_section([&](auto const& s, auto where) {
      if (auto const* const m = root.find(s.name)) read_section(s, m->value, value_.*where);
    });
  }

 private:
  /// [name]
  template <class Owner>
  void read_section(section<Owner> const& s, node const& from, Owner& to) {
    if (from.as<node::table>() == nullptr) {
      return problems_.add(from.at, std::string(s.name), fmt::format("must be one table; write [{}]", s.name));
    }
    read_owner(s, from, std::string(s.name), to);
  }

  /// [[name]] or [name.X]
  template <class Owner>
  void read_section(section<Owner> const& s, node const& from, std::vector<Owner>& to) {
    if constexpr (std::is_same_v<Owner, service>) {
      read_services(s, from, to);
    } else {
      read_list(s, from, to);
    }
  }

  template <class Owner>
  void read_list(section<Owner> const& s, node const& from, std::vector<Owner>& to) {
    auto const* const list = from.as<node::list>();
    if (list == nullptr) {
      return problems_.add(from.at, std::string(s.name), fmt::format("must be a list of tables; write [[{}]]", s.name));
    }
    to.clear();
    for (auto const& element : *list) {
      auto& one = to.emplace_back();
      read_section(s, element, one);
      if constexpr (requires { one.id; }) {
        if (one.id.empty()) one.id = fmt::format("{}-{}", s.name, to.size());
      }
    }
  }

  void read_services(section<service> const& s, node const& from, std::vector<service>& to) {
    auto const* const members = from.as<node::table>();
    if (members == nullptr) {
      return problems_.add(from.at, std::string(s.name), "must be tables by name; write [services.NAME]");
    }
    for (auto const& m : *members) {
      auto const path = fmt::format("{}.{}", s.name, m.key);
      if (auto what = service_name_fault(m.key); !what.empty()) problems_.add(m.at, path, std::move(what));
      if (m.value.as<node::table>() == nullptr) {
        problems_.add(m.value.at, path, fmt::format("must be a table; write [{}]", path));
        continue;
      }
      auto& one = to.emplace_back(service{.name = m.key, .channel = value_.channel});
      read_owner(s, m.value, path, one);
    }
  }

  template <class Owner>
  void read_owner(section<Owner> const& s, node const& from, std::string const& path, Owner& to) {
    auto const before = problems_.size();
    read_keys(s, *from.as<node::table>(), "", path, to);
    if (s.check) s.check(to, complaints_about(s, from, path, before));
    if (problems_.size() != before) problems_.taint(from.at);
  }

  /// `before`: the problems that there were before `from` was read.
  template <class Owner>
  complain complaints_about(section<Owner> const& s, node const& from, std::string const& path, std::size_t before) {
    return [this, &s, &from, &path, before](std::initializer_list<std::string_view> keys, std::string what) {
      node const* at = nullptr;
      for (auto const key : keys) {
        auto const* const written = locate(from, key);
        if (problems_.has(fmt::format("{}.{}", path, key), before)) return;
        if (written != nullptr && problems_.is_tainted(written->at)) return;
        if (at == nullptr) at = written;
      }
      auto const first = *keys.begin();
      bool const told_elsewhere = at == nullptr && s.find(first)->inherited;
      if (!told_elsewhere)
        problems_.add(at != nullptr ? at->at : from.at, fmt::format("{}.{}", path, first), std::move(what));
    };
  }

  /// The members of `from`, whose names in the section begin with `prefix` ("" or "queue.").
  template <class Owner>
  void read_keys(section<Owner> const& s, node::table const& from, std::string const& prefix, std::string const& path,
                 Owner& to) {
    auto const known = names_below(s, prefix);
    for (auto const& m : from) {
      auto const name = prefix + m.key;
      auto const full = fmt::format("{}.{}", path, name);
      if (std::find(known.begin(), known.end(), m.key) == known.end()) {
        problems_.add(m.at, full, unknown_key(m.key, known));
      } else if (auto const* const key = s.find(name)) {
        read_setting(*key, m.value, full, to);
      } else if (auto const* const members = m.value.as<node::table>()) {
        read_keys(s, *members, name + ".", path, to);
      } else {
        auto const inner = names_below(s, name + ".");
        problems_.add(m.value.at, full, fmt::format("must be a table of {}", comma_list(inner)));
      }
    }
  }

  template <class Owner>
  void read_setting(setting<Owner> const& key, node const& from, std::string const& path, Owner& to) {
    if (problems_.is_tainted(from.at)) return;  // what could not be put into it is told already
    faults found;
    key.read(to, from, found);
    for (auto& f : found) problems_.add(f.at, path, std::move(f.text));
  }

  report& problems_;
  config& value_;
};

loaded finish(gatherer& gathered, report& problems, outside_knowledge const& outside) {
  loaded result;
  if (!gathered.is_broken()) {
    loader(problems, result.value).read(gathered.root());
    check_whole(result.value, gathered.root(), outside, problems);
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
