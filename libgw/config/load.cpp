#include "config/load.hpp"

#include "config/address.hpp"
#include "config/checks.hpp"
#include "config/describe.hpp"
#include "config/report.hpp"
#include "core/did_you_mean.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <iterator>
#include <utility>

namespace gw::config {
namespace {

constexpr std::size_t largest_file = 4 * 1024 * 1024;

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

/// Reads one document into one configuration.
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
    for (auto const& element : *list) read_section(s, element, to.emplace_back());
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
    read_keys(s, *from.as<node::table>(), "", path, to);
    if (!s.check) return;
    s.check(to, [&](std::initializer_list<std::string_view> keys, std::string what) {
      node const* at = nullptr;
      for (auto const key : keys) {
        if (problems_.has(fmt::format("{}.{}", path, key))) return;
        if (at == nullptr) at = locate(from, key);
      }
      problems_.add(at != nullptr ? at->at : from.at, fmt::format("{}.{}", path, *keys.begin()), std::move(what));
    });
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
    faults found;
    key.read(to, from, found);
    for (auto& f : found) problems_.add(f.at, path, std::move(f.text));
  }

  report& problems_;
  config& value_;
};

problem flag_problem(std::string flag, std::string_view text, std::size_t at, std::string key, std::string what) {
  return {.file = std::move(flag),
          .column = static_cast<unsigned>(at + 1),
          .key = std::move(key),
          .text = std::move(what),
          .source_line = std::string(text)};
}

}  // namespace

loaded load_text(std::string_view toml, std::string const& file_name, outside_knowledge const& outside) {
  loaded result;
  report problems(toml, file_name);
  auto const parsed = parse_toml(toml);
  if (auto const* const syntax = std::get_if<fault>(&parsed)) {
    problems.add(syntax->at, {}, syntax->text);
  } else {
    auto const& root = std::get<node>(parsed);
    loader(problems, result.value).read(root);
    check_whole(result.value, root, outside, problems);
  }
  result.problems = problems.take();
  return result;
}

loaded load_file(std::string const& path, outside_knowledge const& outside) {
  auto const refuse = [&path](std::string why) {
    return loaded{.value = {}, .problems = {problem{.file = path, .text = std::move(why)}}};
  };
  errno = 0;
  std::ifstream in(path, std::ios::binary);
  std::string text;
  if (in) {
    text.resize(largest_file + 1);
    in.read(text.data(), static_cast<std::streamsize>(text.size()));
    text.resize(static_cast<std::size_t>(in.gcount()));
  }
  if (!in.eof() && text.size() <= largest_file) return refuse(fmt::format("cannot be read: {}", std::strerror(errno)));
  if (text.size() > largest_file) return refuse("is larger than 4 MiB");
  return load_text(text, path, outside);
}

std::vector<problem> add_service_flag(config& to, std::string_view flag) {
  auto const equals = flag.find('=');
  if (equals == flag.npos) {
    return {
        flag_problem("--service", flag, 0, {}, fmt::format("'{}' has no '='; write NAME=HOST:PORT,HOST:PORT", flag))};
  }
  std::vector<problem> problems;
  std::string const name(flag.substr(0, equals));
  auto const key = "services." + name;
  if (auto what = service_name_fault(name); !what.empty()) {
    problems.push_back(flag_problem("--service", flag, 0, key, std::move(what)));
  }
  std::vector<instance> instances;
  for (auto at = equals + 1; at <= flag.size();) {
    auto const end = std::min(flag.find(',', at), flag.size());
    auto parsed = parse_host_port(flag.substr(at, end - at));
    if (parsed) {
      instances.push_back({.host = std::move(parsed->host), .port = parsed->port});
    } else {
      problems.push_back(flag_problem("--service", flag, at, key, parsed.error().context));
    }
    at = end + 1;
  }
  if (!problems.empty()) return problems;
  auto const at = std::lower_bound(to.services.begin(), to.services.end(), name,
                                   [](service const& s, std::string const& n) { return s.name < n; });
  if (at != to.services.end() && at->name == name) {
    at->instances = std::move(instances);
  } else {
    to.services.insert(at, service{.name = name, .instances = std::move(instances), .channel = to.channel});
  }
  return {};
}

std::vector<problem> set_listen_flag(config& to, std::string_view flag) {
  auto const parsed = parse_bind(flag);
  if (!parsed) return {flag_problem("--listen", flag, 0, {}, parsed.error().context)};
  if (to.listeners.empty()) to.listeners.emplace_back();
  to.listeners.front().bind = std::string(flag);
  return {};
}

}  // namespace gw::config
