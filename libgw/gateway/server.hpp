// The process around the workers: its doors, discovery, certificates, memory, signals, the end.
// Runs on one control thread of its own loop; the data path never waits for it.
#pragma once

#include "config/config.hpp"
#include "core/clock.hpp"
#include "discovery/publication.hpp"
#include "gateway/discovery_board.hpp"
#include "gateway/doors.hpp"
#include "gateway/health_watch.hpp"
#include "gateway/seats.hpp"
#include "gateway/tls.hpp"
#include "gateway/worker.hpp"
#include "net/address.hpp"
#include "net/listen.hpp"
#include "net/loop.hpp"
#include "net/task_group.hpp"

#include <atomic>
#include <memory>
#include <string>
#include <vector>

namespace gw::gateway {

/// What open() refuses besides addresses that are taken: rules, routes and certificates that cannot be (bad_config).
result<> judge(config::config const& settings);

class server {
 public:
  /// `settings` are valid (config::load found no problem). `version` is shown in /metrics.
  server(config::config settings, clock const& time, std::string version);
  ~server();

  /// Compiles the rules, reads certificates, resolves names, binds every listener, makes the sources of instances. An
  /// error names what and how to fix it; side::gateway with errc::bad_config or errc::io.
  result<> open();

  /// Serves until a signal (SIGTERM, SIGINT) or stop(); returns when the last connection is gone. A second signal ends
  /// the process at once. SIGUSR1 reopens log files, SIGHUP rereads certificates. Call after open(), on the thread that
  /// is to be the control thread. An exception that nobody catches ends the process: the workers could not be left.
  void run() noexcept;

  /// Any thread: close with 1012 and return from run().
  void stop();

  // after open()
  std::vector<net::address> const& client_addresses() const noexcept { return doors_.client_addresses(); }
  std::vector<net::address> const& probe_addresses() const noexcept { return doors_.probe_addresses(); }
  std::size_t workers() const noexcept { return workers_.size(); }

 private:
  void begin_discovery();
  result<> open_sources();
  void start_workers(route::table const& table, route::handshake_routes routes);
  net::awaitable<void> control();
  net::awaitable<void> follow_certificates();
  void reread_certificates();
  net::awaitable<void> follow_signals();
  void stop_by_signal();
  net::awaitable<void> watch_memory();
  void note_memory(std::size_t used);
  void worker_done();
  std::size_t workers_count() const;
  void take_note(std::shared_ptr<cluster::registry const> instances);
  net::awaitable<void> watch_health();

  std::string metrics() const;
  std::string not_ready() const;
  std::size_t connections() const noexcept;

  std::shared_ptr<config::config const> settings_;
  clock const& time_;
  std::string version_;
  net::loop loop_;
  net::event stop_requested_;
  net::event certificates_due_;  // time to look at the files again, or the end
  net::event workers_over_;
  net::event stopped_;  // what runs beside the workers ends
  net::task_group tasks_;
  net::task_group signals_running_;  // to the very end
  net::signals signals_;
  discovery::publication publication_;
  discovery_board board_;
  tls_files certificates_;
  std::vector<std::unique_ptr<worker>> workers_;
  doors doors_;  // closed before the loops that accept go
  std::size_t max_sessions_ = 0;
  std::size_t memory_limit_ = 0;  // bytes
  std::size_t workers_left_ = 0;
  std::atomic<bool> stopping_{false};
  std::atomic<bool> memory_is_short_{false};  // no new sessions
  seats per_address_;
  seats per_listener_;
  health_watch health_;
};

}  // namespace gw::gateway
