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

void check_listener_names(config const& value, node const& root, report& problems) {
  std::map<std::string, std::size_t> seen;
  for (std::size_t i = 0; i < value.listeners.size(); ++i) {
    auto const& name = value.listeners[i].name;
    if (seen.emplace(name, i).second || problems.has("listener.name")) continue;
    problems.add(place_of(*section_node(root, "listener", i), "name"), "listener.name",
                 fmt::format("'{}' is already the name of another listener; choose another", name));
  }
}

void check_binds(config const& value, node const& root, report& problems) {
  std::map<std::string, std::string> taken;
  auto const take = [&](std::string const& bind, std::string_view key, std::string owner, position at) {
    auto const parsed = parse_bind(bind);
    bool const any_free_port = parsed && parsed->unix_path.empty() && parsed->port == 0;
    if (bind.empty() || any_free_port || problems.has(key)) return;
    if (at.line != 0) owner += fmt::format(" ({})", problems.place_of(at));
    auto const [other, fresh] = taken.emplace(bind, std::move(owner));
    if (fresh) return;
    problems.add(at, std::string(key), fmt::format("'{}' is taken by {}; choose another", bind, other->second));
  };
  for (std::size_t i = 0; i < value.listeners.size(); ++i) {
    auto const* const from = section_node(root, "listener", i);
    auto const& l = value.listeners[i];
    take(l.bind, "listener.bind", fmt::format("listener '{}'", l.name),
         from != nullptr ? place_of(*from, "bind") : position{});
  }
  auto const section_place = [&root](std::string_view section) {
    auto const* const found = root.find(section);
    return found != nullptr ? place_of(found->value, "bind") : position{};
  };
  take(value.health.bind, "health.bind", "[health]", section_place("health"));
  take(value.admin.bind, "admin.bind", "[admin]", section_place("admin"));
}

void check_pattern(config const& value, node const& root, outside_knowledge const& outside, report& problems) {
  if (!outside.judge_pattern || problems.has("url_rule.pattern")) return;
  auto const fault = outside.judge_pattern(value.url_rule.pattern);
  if (!fault) return;
  auto const* const written = locate(root, "url_rule.pattern");
  problems.add(written != nullptr ? inside(written->at, fault->at) : position{}, "url_rule.pattern", fault->text);
}

void check_policies(config const& value, node const& root, outside_knowledge const& outside, report& problems) {
  auto const& known = outside.balancers;
  auto const check = [&](std::string const& policy, std::string const& key, node const* written) {
    bool const fine = known.empty() || std::find(known.begin(), known.end(), policy) != known.end();
    if (fine || problems.has(key)) return;
    problems.add(written != nullptr ? written->at : position{}, key,
                 fmt::format("unknown value '{}'{}", policy, guess_or_list(policy, known, "write one of")));
  };
  check(value.balancer.policy, "balancer.policy", locate(root, "balancer.policy"));
  for (auto const& s : value.services) {
    auto const* const section = named_node(root, "services", s.name);
    auto const key = fmt::format("services.{}.balancer", s.name);
    if (!s.balancer.empty()) check(s.balancer, key, section != nullptr ? locate(*section, "balancer") : nullptr);
  }
}

/// A cookie by which nobody goes would only be set.
void check_sticky_cookies(config const& value, node const& root, report& problems) {
  for (std::size_t i = 0; i < value.listeners.size(); ++i) {
    auto const& name = value.listeners[i].sticky_cookie;
    auto const goes_by_it = [&](service const& s) {
      auto const& policy = s.balancer.empty() ? value.balancer.policy : s.balancer;
      bool const hashes = policy == "consistent_hash" || !s.canary.where.empty();
      return hashes && s.hash_on == "cookie:" + name;
    };
    if (name.empty() || std::any_of(value.services.begin(), value.services.end(), goes_by_it)) continue;
    auto const* const section = section_node(root, "listener", i);
    problems.add(section != nullptr ? place_of(*section, "sticky_cookie") : position{}, "listener.sticky_cookie",
                 fmt::format("no service goes by '{0}'; write hash_on = \"cookie:{0}\" and balancer = "
                             "\"consistent_hash\" in one",
                             name));
  }
}

/// A share of the clients for nobody.
void check_canaries(config const& value, node const& root, report& problems) {
  for (auto const& s : value.services) {
    auto const* const section = named_node(root, "services", s.name);
    auto const* const written = section != nullptr ? locate(*section, "canary") : nullptr;
    auto const key = fmt::format("services.{}.canary.where", s.name);
    if (written == nullptr || locate(*section, "canary.where") != nullptr || problems.has(key)) continue;
    problems.add(written->at, key,
                 "is missing; write the metadata of the instances that serve some clients only, e.g. where = { version "
                 "= \"2\" }");
  }
}

/// The files that TLS needs are there now, so that a gateway that starts does not fail at its first connection.
class pem_check {
 public:
  pem_check(outside_knowledge const& outside, report& problems) : outside_(outside), problems_(problems) {}

  void file(std::string const& path, node const* section, std::string_view section_name, std::string_view key) {
    auto const* const written = section != nullptr ? locate(*section, key) : nullptr;
    if (path.empty() || written == nullptr || problems_.is_tainted(written->at)) return;
    auto const text = outside_.read(path, largest_pem);
    std::string what;
    if (!text) {
      what = fmt::format("{} {}", path, text.error().context);
    } else if (text->find("-----BEGIN ") == text->npos) {
      what = fmt::format("{} is not a PEM file", path);
    }
    if (!what.empty()) problems_.add(written->at, fmt::format("{}.{}", section_name, key), std::move(what));
  }

 private:
  static constexpr std::size_t largest_pem = 1024 * 1024;

  outside_knowledge const& outside_;
  report& problems_;
};

void check_tls_files(config const& value, node const& root, outside_knowledge const& outside, report& problems) {
  pem_check check(outside, problems);
  for (std::size_t i = 0; i < value.listeners.size(); ++i) {
    auto const& tls = value.listeners[i].tls;
    auto const* const section = section_node(root, "listener", i);
    check.file(tls.cert, section, "listener", "tls.cert");
    check.file(tls.key, section, "listener", "tls.key");
    check.file(tls.client_ca, section, "listener", "tls.client_ca");
  }
  for (auto const& s : value.services) {
    auto const* const section = named_node(root, "services", s.name);
    auto const name = "services." + s.name;
    check.file(s.tls.ca, section, name, "tls.ca");
    check.file(s.tls.cert, section, name, "tls.cert");
    check.file(s.tls.key, section, name, "tls.key");
  }
  for (auto const& d : value.discoveries) {
    check.file(d.tls.ca, named_node(root, "discovery", d.name), "discovery." + d.name, "tls.ca");
  }
}

}  // namespace

node const* named_node(node const& root, std::string_view section, std::string_view name) {
  auto const* const all = root.find(section);
  auto const* const found = all != nullptr ? all->value.find(name) : nullptr;
  return found != nullptr ? &found->value : nullptr;
}

position place_of(node const& table, std::string_view key) {
  auto const* const value = locate(table, key);
  return value != nullptr ? value->at : table.at;
}

node const* section_node(node const& root, std::string_view name, std::size_t i) {
  auto const* const found = root.find(name);
  auto const* const list = found != nullptr ? found->value.as<node::list>() : nullptr;
  return list != nullptr && i < list->size() ? &(*list)[i] : nullptr;
}

void check_whole(config const& value, node const& root, outside_knowledge const& outside, report& problems) {
  check_listener_names(value, root, problems);
  check_binds(value, root, problems);
  check_pattern(value, root, outside, problems);
  check_policies(value, root, outside, problems);
  check_sticky_cookies(value, root, problems);
  check_canaries(value, root, problems);
  check_tls_files(value, root, outside, problems);
  check_rules(value, root, outside, problems);
  check_discovery(value, root, outside, problems);
  bool const any_service =
      std::any_of(value.discoveries.begin(), value.discoveries.end(), [](discovery const& d) { return d.any_service; });
  if (value.services.empty() && !any_service && !problems.has("services")) {
    problems.add({}, "services", "no service; write [services.NAME] with instances = [\"host:port\"]");
  }
  if (value.listeners.empty() && !problems.has("listener")) {
    problems.add(place_of(root, "listener"), "listener", "is empty; write [[listener]], or leave it out");
  }
}

}  // namespace gw::config
