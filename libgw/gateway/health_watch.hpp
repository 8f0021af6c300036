// Examines the instances of the services that have `health`, again and again, in one place for all workers. Runs on
// the control thread; tells verdicts as they change.
#pragma once

#include "cluster/health.hpp"
#include "cluster/registry.hpp"
#include "config/config.hpp"
#include "core/clock.hpp"
#include "gateway/stats.hpp"
#include "gateway/tls.hpp"
#include "net/awaitable.hpp"
#include "net/condition_variable.hpp"
#include "net/loop.hpp"
#include "net/stream.hpp"
#include "net/task_group.hpp"

#include <atomic>
#include <functional>
#include <map>
#include <memory>
#include <random>
#include <set>
#include <utility>
#include <vector>

namespace gw::gateway {

class health_watch {
 public:
  /// So many instances are examined at the same time; others wait for their turn.
  static constexpr std::size_t most_at_once = 64;

  /// `tell` is called on the thread of `on` when a verdict changes.
  health_watch(net::loop& on, std::shared_ptr<config::config const> settings,
               std::function<void(cluster::opinion)> tell);

  /// Who is there now. Verdicts on those that stay are kept; new ones are examined soon.
  void use(std::shared_ptr<cluster::registry const> instances);
  void use(std::shared_ptr<tls_contexts const> contexts) { tls_.use(std::move(contexts)); }

  /// Examines until stop(). Returns at once if no service has `health`.
  net::awaitable<void> run();
  /// What is under way is broken off.
  void stop() noexcept;

  /// Any thread: how the instances of each service stand.
  std::vector<instance_counts> counts() const;

 private:
  struct watched {
    std::size_t service;
    cluster::instance const* who;  // in registry_
    cluster::health_record record{};
  };
  struct shown_counts {
    std::atomic<std::size_t> healthy{0};
    std::atomic<std::size_t> unhealthy{0};
    std::atomic<std::size_t> unknown{0};
    std::atomic<std::size_t> draining{0};
  };

  void begin_those_due();
  duration until_next() const;
  duration jittered(duration about);
  net::awaitable<void> visit(std::size_t service, cluster::instance who);
  void conclude(cluster::instance const& who, std::optional<cluster::finding> found);
  void count(std::size_t service);

  net::loop& loop_;
  std::shared_ptr<config::config const> settings_;
  std::function<void(cluster::opinion)> tell_;
  worker_tls tls_;
  std::shared_ptr<cluster::registry const> registry_;
  std::map<cluster::instance_id, watched> watched_;
  std::set<std::pair<time_point, cluster::instance_id>> due_;  // when is whose turn; not of those under way
  std::vector<net::stream*> open_;                             // what examinations are speaking by
  net::condition_variable changed_;
  net::task_group visits_;
  std::minstd_rand random_{std::random_device{}()};
  bool stopping_ = false;
  std::vector<shown_counts> counts_;  // by service
};

}  // namespace gw::gateway
