// Where all services run, as far as anybody says: the instances of the configuration, and what the watches of its
// sources believe. Whatever changes makes a new snapshot of the registry. Lives on the control thread; used by the
// server, which hands the snapshots to the workers.
#pragma once

#include "cluster/registry.hpp"
#include "config/config.hpp"
#include "discovery/judge.hpp"
#include "discovery/name_book.hpp"
#include "discovery/self_entry.hpp"
#include "discovery/watch.hpp"
#include "net/event.hpp"
#include "net/loop.hpp"
#include "net/task_group.hpp"

#include <functional>
#include <memory>
#include <vector>

namespace gw::discovery {

/// One thread. run() must have returned before it is destroyed.
class publication {
 public:
  static constexpr duration names_period = std::chrono::seconds(30);
  static constexpr std::size_t most_found = 256;  // services that the configuration does not name

  /// `published` is called with each new snapshot, `reported` when reports() are others.
  struct listeners {
    std::function<void(std::shared_ptr<cluster::registry const>)> published;
    std::function<void()> reported;
  };

  /// `settings` must outlive it.
  publication(net::loop& where, config::config const& settings, std::size_t workers, listeners told);
  ~publication();

  /// Makes the sources. The error (bad_config) names the one that cannot be, and says how to fix it.
  result<> open(std::vector<own_address> const& own);
  /// Looks up the names of the configuration, and makes the first snapshot.
  net::awaitable<void> begin();

  /// Watches until stop(). Call after begin().
  net::awaitable<void> run();
  /// Takes the gateway itself out of the registries, and goes on to watch.
  void leave() noexcept;
  void stop() noexcept;

  std::shared_ptr<cluster::registry const> instances() const noexcept { return current_; }
  std::vector<watch_report> reports() const;

 private:
  struct watched {
    config::discovery const& settings;
    std::unique_ptr<watch> source;
  };
  result<> open_watch(config::discovery const& settings, std::vector<own_address> const& own);
  result<> open_self_entry(config::discovery const& settings);
  net::awaitable<void> follow_names();
  net::awaitable<void> refresh_names(name_book& names);
  bool any_names() const noexcept;
  watch const* watch_of(config::service const& s) const noexcept;
  void give_places();
  std::vector<cluster::located_instance> instances_of(config::service const& s) const;
  std::vector<cluster::located_instance> instances_of_found(std::string const& service) const;
  void make_snapshot();
  void publish();

  net::loop& loop_;
  config::config const& settings_;
  std::size_t workers_;
  listeners told_;
  name_book names_;               // of the configuration
  std::vector<watched> watches_;  // as the configuration lists them
  std::vector<std::unique_ptr<announcements>> self_entries_;
  std::vector<std::string> found_;  // services that the configuration does not name, in the order of their places
  bool is_full_ = false;            // which has been told
  std::shared_ptr<cluster::registry const> current_;
  net::task_group running_;
  net::event names_due_;
  bool stopping_ = false;
};

/// `settings` with a place for each service that may be found where a source opens any: nameless services behind the
/// others, so that whatever is kept by service has its size from the start.
config::config with_places(config::config settings);

/// What the services that are to be had from `name` are called there.
std::vector<wanted_service> services_from(config::config const& settings, std::string_view name);

}  // namespace gw::discovery
