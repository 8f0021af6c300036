// One thread of the data path: its loop, its sessions, its counters, and the snapshots it routes by.
// Others reach it only by posting.
#pragma once

#include "cluster/circuit.hpp"
#include "cluster/health.hpp"
#include "cluster/pool.hpp"
#include "cluster/registry.hpp"
#include "config/address.hpp"
#include "config/config.hpp"
#include "gateway/conversation.hpp"
#include "gateway/rehoming.hpp"
#include "gateway/seats.hpp"
#include "gateway/stats.hpp"
#include "gateway/tls.hpp"
#include "net/condition_variable.hpp"
#include "net/listen.hpp"
#include "net/loop.hpp"
#include "net/stream.hpp"
#include "net/task_group.hpp"
#include "route/handshake_routes.hpp"
#include "route/table.hpp"
#include "wire/deflate.hpp"
#include "wire/header_rules.hpp"

#include <boost/intrusive/list.hpp>

#include <atomic>
#include <deque>
#include <functional>
#include <memory>
#include <thread>
#include <vector>

namespace gw::gateway {

class worker;

/// What a connection may ask for, by the listener it came in through.
enum class entrance : std::uint8_t { clients, probes, operators };

/// An accepted socket on its way to a worker.
struct arrival {
  net::unique_fd socket;
  entrance by = entrance::clients;
  std::size_t listener = 0;  // index into the configuration's listeners
};

/// What every worker needs and none owns. All of it outlives the workers and is safe to read from any thread.
struct surroundings {
  std::shared_ptr<config::config const> settings;
  clock const* time = nullptr;
  std::function<std::string()> metrics;               // the text of /metrics
  std::function<std::string()> not_ready;             // empty: ready; else JSON reasons
  std::function<std::string()> services = {};         // the JSON of /services
  std::function<bool()> full;                         // as many sessions as there may be
  seats* per_address = nullptr;                       // null: nobody counts
  seats* per_listener = nullptr;                      // null: nobody counts
  route::handshake_routes routes = {};                // of tunnels
  std::shared_ptr<tls_contexts const> tls = nullptr;  // at the start; null: everything is plain text
};

/// How sessions are closed when the process leaves: Close 1012 with `reason`, one after the other over `spread`.
struct farewell {
  std::string reason{};
  std::chrono::milliseconds spread{0};
};

/// A connection before its upgrade, known to its worker so that a stop can cut it short.
class greeting : public boost::intrusive::list_base_hook<boost::intrusive::link_mode<boost::intrusive::auto_unlink>> {
 public:
  greeting(worker& on, net::stream& client, entrance by);
  void cut_short() noexcept {
    client_.close();
    if (dialling != nullptr) dialling->close();
  }
  entrance by() const noexcept { return by_; }

  net::stream* dialling = nullptr;  // the upstream of a tunnel that opens

 private:
  net::stream& client_;
  entrance by_;
};

class worker {
 public:
  worker(std::size_t index, surroundings around, route::table table,
         std::shared_ptr<cluster::registry const> instances);
  ~worker();

  /// `done` is called on the worker's thread as its last act.
  void start(std::function<void()> done);
  void join();

  // --- from any thread ---

  /// Closes it at once if the worker has finished.
  void take(arrival connection);
  /// Stopped, and its last connection is gone.
  bool finished() const noexcept { return finished_.load(); }
  void use(std::shared_ptr<cluster::registry const> instances);
  void use(std::shared_ptr<tls_contexts const> contexts);
  /// What the health checks say of an instance.
  void use(cluster::opinion found);
  /// Drains every session and, when the last connection is gone, ends the thread.
  void stop(farewell how);
  /// Memory is short, or no longer: while it is no queue grows, and who does not take what it gets makes its source
  /// wait.
  void memory_is_short(bool is_short);
  /// Ends the sessions that hold most, until about `bytes` are given up. Those that are going already do not count.
  void shed(std::size_t bytes);
  /// Accepted for us and not yet gone.
  std::size_t connections() const noexcept { return connections_.load(std::memory_order_relaxed); }
  worker_stats const& stats() const noexcept { return stats_; }

  // --- on its own thread ---

  net::loop& loop() noexcept { return loop_; }
  worker_stats& stats() noexcept { return stats_; }
  config::config const& settings() const noexcept { return *around_.settings; }
  surroundings const& around() const noexcept { return around_; }
  route::table& table() noexcept { return table_; }
  route::table const& table() const noexcept { return table_; }
  /// As it is called in messages and logs; stays where it is.
  std::string_view name_of(std::uint32_t service) const { return table_.name_of({service}); }
  cluster::pool& pool_of(std::uint32_t service) noexcept { return pools_[service]; }
  cluster::circuit& circuit_of(std::uint32_t service) noexcept { return circuits_[service]; }
  /// Notified when the outcome of a dial of `service` is known to its pool.
  net::condition_variable& outcomes_of(std::uint32_t service) noexcept { return outcomes_[service]; }
  rehoming& rehoming_of(std::uint32_t service) noexcept { return rehomings_[service]; }
  worker_tls& tls() noexcept { return tls_; }
  wire::forward_rules const& forwarding_of(std::uint32_t service) const noexcept { return forwarding_[service]; }
  /// For messages of and to clients, one at a time.
  wire::inflater& inflater() noexcept { return inflater_; }
  wire::deflater& deflater() noexcept { return deflater_; }
  /// Who may set X-Forwarded-* on a listener.
  std::span<config::cidr const> proxies_of(std::size_t listener) const noexcept { return proxies_[listener]; }
  std::size_t index() const noexcept { return index_; }

  /// Starts what outlives its caller; an exception that escapes from it is logged.
  void spawn(net::awaitable<void> task) noexcept;
  void enter(greeting& g) noexcept;
  /// Every conversation, also those that are leaving.
  template <class Visitor>
  void for_each(Visitor&& visit) {
    for (auto* const all : {&sessions_, &leaving_}) {
      for (auto& c : *all) visit(c);
    }
  }
  void enter(conversation& c) noexcept;
  void leave(conversation& c) noexcept;
  bool stopping() const noexcept { return stop_.has_value(); }
  /// stopping(): the reason of its sessions' Close.
  std::string const& last_words() const noexcept { return stop_->reason; }

 private:
  net::awaitable<void> run();
  net::awaitable<void> drain_sessions();
  /// Probes are answered until the last session of a worker that stops is gone.
  void cut_greetings_short() noexcept;
  net::awaitable<void> serve(arrival connection);
  net::awaitable<void> nobody_left();
  static net::awaitable<void> logged(net::awaitable<void> task);

  std::size_t index_;
  surroundings around_;
  worker_stats stats_;
  net::loop loop_;
  route::table table_;
  std::vector<cluster::pool> pools_;                // by service
  std::vector<cluster::circuit> circuits_;          // by service
  std::deque<net::condition_variable> outcomes_;    // by service
  std::deque<rehoming> rehomings_;                  // by service
  std::vector<wire::forward_rules> forwarding_;     // by service
  std::vector<std::vector<config::cidr>> proxies_;  // by listener
  worker_tls tls_;
  wire::inflater inflater_{wire::role::server};
  wire::deflater deflater_;
  net::task_group tasks_;  // connections that begin, conversations that end, and perhaps who accepts
  net::event stop_requested_;
  std::optional<farewell> stop_;
  boost::intrusive::list<greeting, boost::intrusive::constant_time_size<false>> greetings_;
  using conversations = boost::intrusive::list<conversation, boost::intrusive::constant_time_size<false>>;
  conversations sessions_;
  conversations leaving_;  // those that were told to drain, learn it as they begin, or were given up
  std::atomic<std::size_t> connections_{0};
  std::atomic<bool> finished_{false};
  std::thread thread_;
};

}  // namespace gw::gateway
