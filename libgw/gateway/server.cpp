#include "gateway/server.hpp"

#include "core/log.hpp"
#include "core/memory.hpp"
#include "gateway/own_addresses.hpp"
#include "gateway/process.hpp"
#include "net/persist.hpp"
#include "wire/upgrade.hpp"

#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstdlib>
#include <thread>
#include <utility>

namespace gw::gateway {

namespace {

constexpr duration memory_period = std::chrono::milliseconds(100);
// Shares of `memory`, in percent: above the second no new sessions until it is below the first, above the third the
// fullest go.
constexpr std::size_t memory_recovered = 75;
constexpr std::size_t memory_short = 80;
constexpr std::size_t memory_shed = 90;
// Giving memory back to the kernel holds the allocator's locks. What was shed is free after a moment, but shows only
// when it has been given back; before that nobody else is to go for the same bytes.
constexpr duration trim_pause = std::chrono::seconds(5);
constexpr duration trim_after_shed = std::chrono::milliseconds(500);
constexpr duration shed_pause = std::chrono::milliseconds(1000);
constexpr duration certificate_period = std::chrono::seconds(10);

std::size_t sessions_within(std::size_t descriptors) {
  return descriptors > 128 ? (descriptors - 64) / 2 : 32;
}

/// Of the whole process: what its listeners may have together, or what descriptors allow if one of them has no limit.
std::size_t sessions_of(std::vector<config::listener> const& listeners, std::size_t unlimited) {
  std::size_t sum = 0;
  for (auto const& l : listeners) {
    if (l.max_sessions == 0) return unlimited;
    sum += l.max_sessions;
  }
  return sum;
}

/// Those of the configuration; places for others have none.
std::vector<std::string> names_of(std::vector<config::service> const& services) {
  std::vector<std::string> names;
  for (auto const& s : services) {
    if (!s.name.empty()) names.push_back(s.name);
  }
  return names;
}

/// What decides where messages and handshakes go.
struct decisions {
  route::table table;
  route::handshake_routes routes;
};

result<decisions> compile(config::config const& settings) {
  auto const names = names_of(settings.services);
  auto table = route::table::make(settings.url_rule, names, settings.rules);
  if (!table) return table.error();
  auto routes = route::handshake_routes::make(settings.routes, names);
  if (!routes) return routes.error();
  return decisions{std::move(*table), std::move(*routes)};
}

std::size_t memory_limit_of(config::memory_limit const& wanted) {
  return wanted.bytes != 0 ? wanted.bytes : memory_allowed() / 100 * wanted.percent;
}

std::size_t worker_count(std::size_t configured) {
  return configured != 0 ? configured : std::max<std::size_t>(1, std::thread::hardware_concurrency());
}

}  // namespace

result<> judge(config::config const& settings) {
  if (auto made = compile(settings); !made) return made.error();
  return tls_files(settings).load();
}

server::server(config::config settings, clock const& time, std::string version)
    : settings_(std::make_shared<config::config const>(discovery::with_places(named(std::move(settings))))),
      time_(time),
      version_(std::move(version)),
      loop_(time),
      stop_requested_(loop_.where()),
      certificates_due_(loop_.where()),
      workers_over_(loop_.where()),
      stopped_(loop_.where()),
      tasks_(loop_.where()),
      signals_running_(loop_.where()),
      signals_(loop_.where(), {SIGTERM, SIGINT, SIGHUP, SIGUSR1}),
      publication_(loop_, *settings_, worker_count(settings_->workers),
                   {[this](std::shared_ptr<cluster::registry const> fresh) {
                      take_note(fresh);
                      for (auto& w : workers_) w->use(fresh);
                    },
                    [this] { board_.put(publication_.reports()); }}),
      board_(*settings_),
      certificates_(*settings_),
      doors_(loop_),
      health_(loop_, settings_, [this](cluster::opinion found) {
        for (auto& w : workers_) w->use(found);
        board_.put(found);
      }) {}

server::~server() = default;

// --- 1. opening ---

result<> server::open() {
  auto made = compile(*settings_);
  if (!made) return made.error();
  // OpenSSL loads its algorithms at their first use, which had better not be when memory is short.
  static_cast<void>(wire::accept_key({}));
  static_cast<void>(memory_resident());  // opens what it reads from
  if (auto read = certificates_.load(); !read) return read;
  auto const limit = raise_descriptor_limit();
  max_sessions_ = sessions_of(settings_->listeners, sessions_within(limit));
  // Read here and not when the watch begins: whoever starts us may count descriptors from `ready` on.
  memory_limit_ = memory_limit_of(settings_->memory);
  log::event(log::level::info, "memory_limit", {{"bytes", std::uint64_t{memory_limit_}}});
  begin_discovery();
  for (std::size_t i = 0; i < settings_->listeners.size(); ++i) {
    if (auto l = doors_.open(settings_->listeners[i].bind, entrance::clients, i); !l) return l;
  }
  for (auto const& [bind, by] :
       {std::pair(settings_->admin.bind, entrance::operators), std::pair(settings_->health.bind, entrance::probes)}) {
    if (bind.empty()) continue;
    if (auto l = doors_.open(bind, by, 0); !l) return l;
  }
  if (auto sources = open_sources(); !sources) return sources;
  start_workers(made->table, std::move(made->routes));
  return {};
}

void server::begin_discovery() {
  // Nothing else runs yet: the loop is ours until run().
  loop_.run_until_done(publication_.begin());
  take_note(publication_.instances());
}

result<> server::open_sources() {
  auto listeners = doors_.client_addresses();
  listeners.insert(listeners.end(), doors_.probe_addresses().begin(), doors_.probe_addresses().end());
  auto opened = publication_.open(own_addresses(listeners));
  board_.put(publication_.reports());
  return opened;
}

void server::start_workers(route::table const& table, route::handshake_routes routes) {
  surroundings const around{
      .settings = settings_,
      .time = &time_,
      .metrics = [this] { return metrics(); },
      .not_ready = [this] { return not_ready(); },
      .services = [this] { return board_.services_json(std::chrono::system_clock::now()); },
      .full = [this] { return connections() > max_sessions_ || memory_is_short_.load(std::memory_order_relaxed); },
      .per_address = &per_address_,
      .per_listener = &per_listener_,
      .routes = std::move(routes),
      .tls = certificates_.contexts(),
  };
  for (std::size_t i = 0; i < workers_count(); ++i) {
    workers_.push_back(std::make_unique<worker>(i, around, table, publication_.instances()));
  }
}

std::size_t server::workers_count() const {
  return worker_count(settings_->workers);
}

void server::take_note(std::shared_ptr<cluster::registry const> instances) {
  health_.use(instances);
  board_.put(std::move(instances));
}

// --- 2. serving ---

void server::run() noexcept {
  workers_left_ = workers_.size();
  for (auto& w : workers_) {
    w->start([this] { loop_.post([this] { worker_done(); }); });
  }
  loop_.run(net::or_terminate(control()));
  for (auto& w : workers_) w->join();
}

net::awaitable<void> server::control() {
  doors_.let_in(workers_);
  tasks_.spawn(net::or_terminate(publication_.run()));
  tasks_.spawn(net::persist(
      loop_, [this] { return watch_memory(); }, "watch_memory"));
  tasks_.spawn(net::persist(
      loop_, [this] { return follow_certificates(); }, "follow_certificates"));
  tasks_.spawn(net::persist(
      loop_, [this] { return watch_health(); }, "watch_health"));
  signals_running_.spawn(net::persist(
      loop_, [this] { return follow_signals(); }, "follow_signals"));
  co_await stop_requested_.wait();

  stopping_.store(true, std::memory_order_relaxed);
  publication_.leave();  // who looks for a gateway shall find another one before this one closes its doors
  if (settings_->shutdown.ready_delay.count() != 0) co_await loop_.wheel.sleep(settings_->shutdown.ready_delay);
  doors_.close_to_clients();
  publication_.stop();
  certificates_due_.set();
  health_.stop();
  auto const spread = std::to_string(settings_->shutdown.drain.count());
  for (auto& w : workers_) w->stop({"drain;r=0-" + spread, settings_->shutdown.drain});
  co_await workers_over_.wait();
  stopped_.set();
  doors_.close();  // probes were told that we drain
  co_await doors_.join();
  co_await tasks_.join();
  signals_.close();
  co_await signals_running_.join();
  loop_.shut_down();
}

net::awaitable<void> server::watch_health() {
  health_.use(certificates_.contexts());
  co_await health_.run();
}

net::awaitable<void> server::watch_memory() {
  time_point trim_from{};
  time_point shed_from{};
  std::size_t shed_at = 0;
  auto const enough = memory_limit_ / 100 * (memory_short + memory_shed) / 2;
  while (!stopped_.is_set()) {
    co_await loop_.wheel.sleep(memory_period);
    auto const used = memory_resident();
    if (used == 0) continue;  // the kernel did not say: no descriptor was left to ask with
    note_memory(used);
    auto const now = loop_.wheel.now();
    if (memory_is_short_.load(std::memory_order_relaxed) && now >= trim_from) {
      release_free_memory();
      trim_from = now + trim_pause;
    }
    auto const known = now < shed_from ? shed_at : enough;  // of the excess up to here sessions are already going
    if (used <= memory_limit_ / 100 * memory_shed || used <= known) continue;
    for (auto& w : workers_) w->shed((used - known) / workers_.size() + 1);
    shed_at = used;
    shed_from = now + shed_pause;
    trim_from = now + trim_after_shed;
  }
}

void server::note_memory(std::size_t used) {
  bool const was_short = memory_is_short_.load(std::memory_order_relaxed);
  bool const is_short = used > memory_limit_ / 100 * (was_short ? memory_recovered : memory_short);
  if (is_short == was_short) return;
  for (auto& w : workers_) w->memory_is_short(is_short);
  memory_is_short_.store(is_short, std::memory_order_relaxed);
  log::event(log::level::warning, is_short ? "memory_short" : "memory_recovered",
             {{"resident", std::uint64_t{used}}, {"limit", std::uint64_t{memory_limit_}}});
}

net::awaitable<void> server::follow_certificates() {
  if (!certificates_.any()) co_return;
  net::timer again(loop_.wheel, certificates_due_);
  while (!stopping_) {
    certificates_due_.clear();
    again.start(certificate_period);
    co_await certificates_due_.wait();
    if (!stopping_) reread_certificates();
  }
}

void server::reread_certificates() {
  if (!certificates_.reread()) return;
  for (auto& w : workers_) w->use(certificates_.contexts());
  health_.use(certificates_.contexts());
}

net::awaitable<void> server::follow_signals() {
  for (;;) {
    int const signal = co_await signals_.next();
    switch (signal) {
      case 0:
        co_return;
      case SIGUSR1:
        log::reopen();
        break;
      case SIGHUP:
        log::event(log::level::info, "certificates_looked_at", {{"why", "SIGHUP; the configuration is read at start"}});
        reread_certificates();
        break;
      default:
        stop_by_signal();
    }
  }
}

void server::stop_by_signal() {
  if (!stop_requested_.is_set()) {
    stop_requested_.set();  // first: there may be no memory for a log line
    return log::event(log::level::info, "stopping", {{"why", "signal"}});
  }
  log::event(log::level::warning, "stopped_at_once", {{"why", "second signal"}});
  log::flush();
  ::_Exit(1);
}

void server::stop() {
  loop_.post([this] { stop_requested_.set(); });
}

void server::worker_done() {
  if (--workers_left_ == 0) workers_over_.set();
}

// --- 3. what probes ask; called on worker threads ---

std::size_t server::connections() const noexcept {
  std::size_t total = 0;
  for (auto const& w : workers_) total += w->connections();
  return total;
}

std::string server::metrics() const {
  std::vector<worker_stats const*> stats;
  for (auto const& w : workers_) stats.push_back(&w->stats());
  metric_names names{.services = board_.service_names(), .rules = {}};
  for (auto const& r : settings_->rules) names.rules.push_back(r.id);
  exposition sources;
  board_.write_metrics(sources);
  return metrics_text(stats, names, health_.counts(), version_) + sources.take();
}

std::string server::not_ready() const {
  auto const reasons =
      stopping_.load(std::memory_order_relaxed) ? std::vector<std::string>{"draining"} : board_.reasons_to_wait();
  std::string list;
  for (auto const& r : reasons) list += (list.empty() ? "\"" : ",\"") + r + "\"";
  return list.empty() ? std::string() : R"({"ready":false,"reasons":[)" + list + "]}\n";
}

}  // namespace gw::gateway
