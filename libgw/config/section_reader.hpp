// Reads tables of a tree into structs, by their section: unknown keys, wrong types and contradictions become problems,
// each at its place. The part of the loader that does not know what the sections are; also for other files of this
// kind, such as the cases of `wsgw route test`.
#pragma once

#include "config/describe.hpp"
#include "config/report.hpp"
#include "core/did_you_mean.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

namespace gw::config {

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

/// What to say of a key that is none of `known`.
std::string unknown_key(std::string_view key, std::vector<std::string_view> const& known);

class section_reader {
 public:
  /// The report must outlive the reader.
  explicit section_reader(report& problems) : problems_(problems) {}

  /// [name]
  template <class Owner>
  void read_table(section<Owner> const& s, node const& from, Owner& to) {
    if (from.as<node::table>() == nullptr) {
      return problems_.add(from.at, std::string(s.name), fmt::format("must be one table; write [{}]", s.name));
    }
    read_owner(s, from, std::string(s.name), to);
  }

  /// [[name]]: one for each element, also where it has problems.
  template <class Owner>
  void read_list(section<Owner> const& s, node const& from, std::vector<Owner>& to) {
    auto const* const list = from.as<node::list>();
    if (list == nullptr) {
      return problems_.add(from.at, std::string(s.name), fmt::format("must be a list of tables; write [[{}]]", s.name));
    }
    to.clear();
    for (auto const& element : *list) {
      auto& one = to.emplace_back();
      read_table(s, element, one);
      if constexpr (requires { one.id; }) {
        if (one.id.empty()) one.id = fmt::format("{}-{}", s.name, to.size());
      }
    }
  }

  /// `path` is how the problems call the table: "services.order".
  template <class Owner>
  void read_owner(section<Owner> const& s, node const& from, std::string const& path, Owner& to) {
    auto const before = problems_.size();
    read_keys(s, *from.as<node::table>(), "", path, to);
    if (s.check) s.check(to, complaints_about(s, from, path, before));
    if (problems_.size() != before) problems_.taint(from.at);
  }

  /// One key of it, "services.order.path".
  template <class Owner>
  void read_setting(setting<Owner> const& key, node const& from, std::string const& path, Owner& to) {
    if (problems_.is_tainted(from.at)) return;  // what could not be put into it is told already
    faults found;
    key.read(to, from, found);
    for (auto& f : found) problems_.add(f.at, path, std::move(f.text));
  }

 private:
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

  report& problems_;
};

}  // namespace gw::config
