#include "config/checks.hpp"

#include "config/address.hpp"
#include "core/did_you_mean.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <string>
#include <utility>

namespace gw::config {
namespace {

/// The place of `key` in `table`, or of the table if it does not give the key.
position place_of(node const& table, std::string_view key) {
  auto const* const value = locate(table, key);
  return value != nullptr ? value->at : table.at;
}

/// The i-th [[listener]] of the file; nothing if the file has none and the default stands.
node const* listener_node(node const& root, std::size_t i) {
  auto const* const found = root.find("listener");
  auto const* const list = found != nullptr ? found->value.as<node::list>() : nullptr;
  return list != nullptr && i < list->size() ? &(*list)[i] : nullptr;
}

void check_listener_names(config const& value, node const& root, report& problems) {
  std::map<std::string, std::size_t> seen;
  for (std::size_t i = 0; i < value.listeners.size(); ++i) {
    auto const& name = value.listeners[i].name;
    if (seen.emplace(name, i).second || problems.has("listener.name")) continue;
    problems.add(place_of(*listener_node(root, i), "name"), "listener.name",
                 fmt::format("'{}' is already the name of another listener; choose another", name));
  }
}

void check_binds(config const& value, node const& root, report& problems) {
  std::map<std::string, std::string_view> taken;
  auto const take = [&](std::string const& bind, std::string_view key, position at) {
    auto const parsed = parse_bind(bind);
    bool const any_free_port = parsed && parsed->unix_path.empty() && parsed->port == 0;
    if (bind.empty() || any_free_port || problems.has(key)) return;
    auto const [other, fresh] = taken.emplace(bind, key);
    if (fresh) return;
    problems.add(at, std::string(key), fmt::format("'{}' is taken by {}; choose another", bind, other->second));
  };
  for (std::size_t i = 0; i < value.listeners.size(); ++i) {
    auto const* const from = listener_node(root, i);
    take(value.listeners[i].bind, "listener.bind", from != nullptr ? place_of(*from, "bind") : position{});
  }
  auto const section_place = [&root](std::string_view section) {
    auto const* const found = root.find(section);
    return found != nullptr ? place_of(found->value, "bind") : position{};
  };
  take(value.health.bind, "health.bind", section_place("health"));
  take(value.admin.bind, "admin.bind", section_place("admin"));
}

void check_pattern(config const& value, node const& root, outside_knowledge const& outside, report& problems) {
  if (!outside.judge_pattern || problems.has("url_rule.pattern")) return;
  auto const fault = outside.judge_pattern(value.url_rule.pattern);
  if (!fault) return;
  position at;
  if (auto const* const written = locate(root, "url_rule.pattern")) {
    at = written->at;
    at.column += 1 + static_cast<unsigned>(fault->at);  // behind the quote
  }
  problems.add(at, "url_rule.pattern", fault->text);
}

void check_policy(config const& value, node const& root, outside_knowledge const& outside, report& problems) {
  auto const& known = outside.balancers;
  auto const& policy = value.balancer.policy;
  if (known.empty() || problems.has("balancer.policy")) return;
  if (std::find(known.begin(), known.end(), policy) != known.end()) return;
  auto const* const written = locate(root, "balancer.policy");
  problems.add(written != nullptr ? written->at : position{}, "balancer.policy",
               fmt::format("unknown value '{}'{}", policy, guess_or_list(policy, known, "write one of")));
}

}  // namespace

void check_whole(config const& value, node const& root, outside_knowledge const& outside, report& problems) {
  check_listener_names(value, root, problems);
  check_binds(value, root, problems);
  check_pattern(value, root, outside, problems);
  check_policy(value, root, outside, problems);
  if (value.services.empty() && !outside.services_elsewhere && !problems.has("services")) {
    problems.add({}, "services", "no service; write [services.NAME] with instances = [\"host:port\"]");
  }
  if (value.listeners.empty() && !problems.has("listener")) {
    problems.add(place_of(root, "listener"), "listener", "is empty; write [[listener]], or leave it out");
  }
}

}  // namespace gw::config
