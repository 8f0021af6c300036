// What the control thread last said of sources and instances, for whoever is asked about them on another thread:
// metrics, readiness, and the list of services that operators see.
#pragma once

#include "cluster/health.hpp"
#include "cluster/registry.hpp"
#include "config/config.hpp"
#include "core/exposition.hpp"
#include "discovery/watch.hpp"

#include <chrono>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

namespace gw::gateway {

class discovery_board {
 public:
  using wall_time = std::chrono::system_clock::time_point;

  /// `settings` must outlive it.
  explicit discovery_board(config::config const& settings) : settings_(settings) {}

  void put(std::shared_ptr<cluster::registry const> instances);
  void put(std::vector<discovery::watch_report> sources);
  /// Of an instance of the latest snapshot.
  void put(cluster::opinion found);

  // --- any thread ---

  /// By index, those that were found too.
  std::vector<std::string> service_names() const;
  /// Why no session shall be sent here yet: required sources that never answered. Empty: nothing.
  std::vector<std::string> reasons_to_wait() const;
  /// Appends the metrics of sources.
  void write_metrics(exposition& to) const;
  /// Of `wsgw services`: JSON, schema wsgw.services.v1.
  std::string services_json(wall_time now) const;

 private:
  struct facts {
    std::shared_ptr<cluster::registry const> instances;
    std::vector<discovery::watch_report> sources;
    std::map<cluster::instance_id, cluster::opinion> opinions;
  };
  facts copy() const;

  config::config const& settings_;
  mutable std::mutex guard_;
  facts now_;
};

}  // namespace gw::gateway
