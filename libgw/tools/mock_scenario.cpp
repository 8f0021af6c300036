#include "tools/mock_scenario.hpp"

#include "config/address.hpp"
#include "config/report.hpp"
#include "core/did_you_mean.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <optional>
#include <utility>

namespace gw::tools {
namespace {

using config::member;
using config::node;

constexpr std::int64_t most_instances = 10'000;

/// The names that may stand beside `words`, as a file writes them.
std::vector<std::string> names_with(std::vector<std::string> words) {
  for (auto const& s : mock_settings()) {
    auto& name = words.emplace_back(s.name);
    std::replace(name.begin(), name.end(), '-', '_');
  }
  return words;
}

/// The text that a value would be on the command line; nothing: it has none.
std::optional<std::string> text_of(node const& value) {
  if (auto const* const text = value.as<std::string>()) return *text;
  if (auto const* const number = value.as<std::int64_t>()) return std::to_string(*number);
  if (auto const* const on = value.as<bool>()) return *on ? "on" : "off";
  return std::nullopt;
}

class reader {
 public:
  reader(config::report& problems, mock_scenario& to) : problems_(problems), to_(to) {}

  void read(node const& root) {
    mock_behaviour usual;
    for (auto const& m : *root.as<node::table>()) {
      if (m.key == "listen") {
        read_listen(m);
      } else if (m.key == "seed") {
        if (auto const seed = read_number(m, "seed", 0)) to_.seed = static_cast<std::uint64_t>(*seed);
      } else if (m.key != "services" && m.key != "instances") {
        read_setting(m, m.key, {"listen", "seed", "services", "instances"}, usual);
      }
    }
    read_services(root, usual);
    read_instances(root);
  }

 private:
  void read_listen(member const& m) {
    auto const* const text = m.value.as<std::string>();
    if (text == nullptr) return problems_.add(m.value.at, "listen", "must be a string; write \"127.0.0.1:9001\"");
    if (auto const parsed = config::parse_bind(*text); !parsed) {
      return problems_.add(m.value.at, "listen", parsed.error().context);
    }
    to_.listen = *text;
  }

  std::optional<std::int64_t> read_number(member const& m, std::string const& path, std::int64_t least) {
    auto const* const number = m.value.as<std::int64_t>();
    if (number != nullptr && *number >= least) return *number;
    problems_.add(m.value.at, path, fmt::format("must be a whole number from {} on", least));
    return std::nullopt;
  }

  /// `others`: what else could have been meant.
  void read_setting(member const& m, std::string const& path, std::vector<std::string> others, mock_behaviour& to) {
    // A file has one spelling.
    if (find_mock_setting(m.key) == nullptr || m.key.find('-') != std::string::npos) {
      auto const names = names_with(std::move(others));
      std::vector<std::string_view> const known(names.begin(), names.end());
      return problems_.add(m.at, path, "unknown key" + guess_or_list(m.key, known, "known here:"));
    }
    auto const text = text_of(m.value);
    if (!text) return problems_.add(m.value.at, path, fmt::format("cannot be {}", m.value.kind()));
    if (auto const set = set_behaviour(to, m.key, *text); !set) {
      // The path is shown already.
      problems_.add(m.value.at, path, set.error().context.substr(m.key.size() + 2));
    }
  }

  void read_services(node const& root, mock_behaviour const& usual) {
    auto const* const services = root.find("services");
    auto const* const tables = services == nullptr ? nullptr : services->value.as<node::table>();
    if (tables == nullptr || tables->empty()) {
      auto const at = services == nullptr ? config::position{1, 1, root.at.source} : services->at;
      return problems_.add(at, "services", "no service; write [services.order]");
    }
    for (auto const& m : *tables) {
      auto const path = "services." + m.key;
      if (auto fault = config::service_name_fault(m.key); !fault.empty()) problems_.add(m.at, path, std::move(fault));
      auto const* const keys = m.value.as<node::table>();
      if (keys == nullptr) {
        problems_.add(m.value.at, path, fmt::format("must be a table; write [{}]", path));
        continue;
      }
      auto& plan = to_.plans.emplace_back(mock_plan{.service = m.key, .behaviour = usual});
      for (auto const& key : *keys) {
        auto const full = fmt::format("{}.{}", path, key.key);
        if (key.key != "instances") {
          read_setting(key, full, {"instances"}, plan.behaviour);
        } else if (auto const count = read_number(key, full, 1)) {
          if (*count > most_instances) problems_.add(key.value.at, full, "must be at most 10000");
          plan.instances = static_cast<std::size_t>(std::min(*count, most_instances));
        }
      }
    }
  }

  void read_instances(node const& root) {
    auto const* const instances = root.find("instances");
    if (instances == nullptr) return;
    auto const* const tables = instances->value.as<node::table>();
    if (tables == nullptr) {
      return problems_.add(instances->value.at, "instances", "must be tables by name; write [instances.order-2]");
    }
    for (auto const& m : *tables) {
      auto const path = "instances." + m.key;
      auto* const behaviour = behaviour_of(m.key);
      if (behaviour == nullptr) {
        auto const names = instance_names();
        std::vector<std::string_view> const known(names.begin(), names.end());
        problems_.add(m.at, path, "there is no such instance" + guess_or_list(m.key, known, "there are"));
        continue;
      }
      auto const* const keys = m.value.as<node::table>();
      if (keys == nullptr) {
        problems_.add(m.value.at, path, fmt::format("must be a table; write [{}]", path));
        continue;
      }
      for (auto const& key : *keys) read_setting(key, fmt::format("{}.{}", path, key.key), {}, *behaviour);
    }
  }

  /// Null: no instance is called so.
  mock_behaviour* behaviour_of(std::string_view name) {
    for (auto& plan : to_.plans) {
      for (std::size_t i = 1; i <= plan.instances; ++i) {
        if (name == fmt::format("{}-{}", plan.service, i)) {
          return &plan.exceptions.emplace(i, plan.behaviour).first->second;
        }
      }
    }
    return nullptr;
  }

  /// As many as a message may name.
  std::vector<std::string> instance_names() const {
    constexpr std::size_t most = 8;
    std::vector<std::string> names;
    for (auto const& plan : to_.plans) {
      for (std::size_t i = 1; i <= plan.instances && names.size() < most; ++i) {
        names.push_back(fmt::format("{}-{}", plan.service, i));
      }
    }
    return names;
  }

  config::report& problems_;
  mock_scenario& to_;
};

}  // namespace

mock_scenario read_mock_scenario(std::string toml, std::string const& file_name) {
  mock_scenario scenario;
  config::report problems;
  auto const source = problems.add_source(file_name, std::move(toml));
  auto const parsed = config::parse_toml(problems.text_of(source), source);
  if (auto const* const fault = std::get_if<config::fault>(&parsed)) {
    problems.add(fault->at, {}, fault->text);
  } else {
    reader(problems, scenario).read(std::get<node>(parsed));
  }
  scenario.problems = problems.take();
  return scenario;
}

}  // namespace gw::tools
