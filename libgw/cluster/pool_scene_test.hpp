// A pool of some instances under a clock that the test drives. Used by the tests of the pool.
#pragma once

#include "cluster/hash.hpp"
#include "cluster/pool.hpp"

#include "testing/catch.hpp"

#include <algorithm>
#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace gw::cluster {

/// An instance at 10.0.0.`last`:1.
inline config::instance at_host(std::size_t last, std::string zone = {}, std::size_t weight = 1) {
  return {.host = "10.0.0." + std::to_string(last), .port = 1, .weight = weight, .zone = std::move(zone)};
}

inline config::instance draining(config::instance one) {
  one.draining = true;
  return one;
}

inline std::vector<config::instance> hosts(std::size_t count, std::size_t first = 1) {
  std::vector<config::instance> all;
  for (auto i = first; i < first + count; ++i) all.push_back(at_host(i));
  return all;
}

struct pool_scene {
  std::shared_ptr<registry const> snapshot;
  pool tested;
  time_point now = time_point() + std::chrono::hours(1);

  explicit pool_scene(std::vector<config::instance> instances, config::balancer const& settings = {},
                      std::string zone = {}, selection used = {})
      : tested(find_policy(settings.policy).make(7), settings, std::move(zone), 1, std::move(used)) {
    becomes(std::move(instances));
  }

  static balancer_kind const& find_policy(std::string const& name) {
    auto const* const kind = config::find_kind(balancer_kinds(), name);
    REQUIRE(kind != nullptr);
    return *kind;
  }

  /// A new snapshot of the one service.
  void becomes(std::vector<config::instance> instances) {
    config::service const s{.name = "a", .instances = std::move(instances)};
    snapshot = registry::make(located(std::span(&s, 1)), 1, snapshot.get());
    tested.update(snapshot, 0, now);
  }

  instance_id id(std::size_t index) const { return tested.instances()[index].id; }
  std::size_t index(std::string_view ip) const {
    auto const all = tested.instances();
    auto const at = std::find_if(all.begin(), all.end(), [ip](instance const& i) { return i.ip == ip; });
    REQUIRE(at != all.end());
    return static_cast<std::size_t>(at - all.begin());
  }
  instance_load& load(std::size_t index) const { return *tested.instances()[index].load; }
  std::optional<std::size_t> choose(std::vector<instance_id> const& excluded = {}) {
    return tested.choose({.excluded = excluded}, now);
  }
  void refuse(std::size_t index) { tested.failed(id(index), now); }
  void succeed(std::size_t index) { tested.succeeded(id(index), now); }
  bool report(std::size_t index, trouble what = trouble::server_error) { return tested.reported(id(index), what, now); }
  standing state(std::size_t index) const { return tested.state_of(id(index), now); }
  std::size_t available() const { return tested.available(now); }

  /// How often each instance is chosen when `channels` are opened and stay.
  std::vector<int> fill(int channels) {
    std::vector<int> chosen(tested.instances().size());
    for (int i = 0; i < channels; ++i) {
      auto const at = choose();
      REQUIRE(at.has_value());
      load(*at).add(0, 1);
      ++chosen[*at];
    }
    return chosen;
  }
};

}  // namespace gw::cluster
