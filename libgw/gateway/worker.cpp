#include "gateway/worker.hpp"

#include "core/log.hpp"
#include "gateway/connection.hpp"

#include <pthread.h>

#include <algorithm>
#include <functional>
#include <string_view>
#include <utility>

namespace gw::gateway {

namespace {

constexpr duration drain_step = std::chrono::milliseconds(50);

}  // namespace

worker::worker(std::size_t index, surroundings around, route::table table,
               std::shared_ptr<cluster::registry const> instances)
    : index_(index),
      around_(std::move(around)),
      stats_(around_.settings->services.size(), around_.settings->rules.size()),
      loop_(*around_.time, {.queue_memory = &stats_.queue_memory, .timers_late = &stats_.loop_lag_us}),
      table_(std::move(table)),
      tls_(around_.tls),
      tasks_(loop_.where()),
      stop_requested_(loop_.where()) {
  loop_.sockets.spin_for(around_.settings->spin);
  for (std::uint32_t i = 0; i < around_.settings->services.size(); ++i) {
    pools_.push_back(cluster::make_pool(*around_.settings, i, index_));
    pools_.back().update(instances, i, loop_.wheel.now());
    circuits_.emplace_back(around_.settings->services[i].circuit);
    outcomes_.emplace_back(loop_);
    rehomings_.emplace_back(*this, i);
    forwarding_.emplace_back(around_.settings->services[i].channel.forward_headers);
  }
  for (auto const& l : around_.settings->listeners) {
    auto& proxies = proxies_.emplace_back();
    for (auto const& written : l.trusted_proxies) {
      if (auto const known = config::parse_cidr(written)) proxies.push_back(*known);
    }
  }
}

worker::~worker() {
  join();
}

void worker::start(std::function<void()> done) {
  thread_ = std::thread([this, last = std::move(done)] {
    ::pthread_setname_np(::pthread_self(), ("wsgw-" + std::to_string(index_)).c_str());
    loop_.run(run());
    last();
  });
}

void worker::join() {
  if (thread_.joinable()) thread_.join();
}

net::awaitable<void> worker::run() {
  co_await stop_requested_.wait();
  co_await nobody_left();
  finished_.store(true);
  co_await nobody_left();  // what take() counted before it could see that
  loop_.shut_down();
}

/// Looks from time to time: the last to be counted may be another thread's.
net::awaitable<void> worker::nobody_left() {
  co_await tasks_.join();
  while (connections_.load() != 0) {
    co_await loop_.wheel.sleep(net::timer_wheel::tick);
    co_await tasks_.join();
  }
}

net::awaitable<void> worker::drain_sessions() {
  for (auto& s : sessions_) s.announce_drain(stop_->spread);
  auto const begin = loop_.wheel.now();
  auto const all = sessions_.size();
  std::size_t drained = 0;
  while (!sessions_.empty()) {
    duration const passed = loop_.wheel.now() - begin;
    auto const due = passed >= stop_->spread ? all
                                             : all * static_cast<std::size_t>(passed / drain_step) /
                                                   static_cast<std::size_t>(stop_->spread / drain_step + 1);
    for (; drained <= due && !sessions_.empty(); ++drained) {
      auto& next = sessions_.front();
      leaving_.splice(leaving_.end(), sessions_, sessions_.begin());
      next.drain(stop_->reason);
    }
    if (!sessions_.empty()) co_await loop_.wheel.sleep(drain_step);
  }
}

void worker::memory_is_short(bool is_short) {
  loop_.post([this, is_short] {
    loop_.memory_is_short = is_short;
    for_each([](conversation& c) { c.bounds_changed(); });
  });
}

void worker::shed(std::size_t bytes) {
  loop_.post([this, bytes] {
    std::vector<std::pair<std::size_t, conversation*>> holding;
    for (auto& s : sessions_) holding.emplace_back(s.held_bytes(), &s);
    std::sort(holding.begin(), holding.end(), std::greater<>());
    std::size_t given_up = 0;
    for (auto const& [held, s] : holding) {
      if (given_up >= bytes || held == 0) return;
      leaving_.splice(leaving_.end(), sessions_, sessions_.iterator_to(*s));  // the next time others have to go
      s->end({initiator::gateway, wire::close_code::try_again_later, "overload;r=1000-10000"});
      given_up += std::max(held, chunk::small_size);  // memory is given up by the block, and with it the session's own
    }
  });
}

void worker::take(arrival connection) {
  connections_.fetch_add(1);
  if (finished()) {
    connections_.fetch_sub(1);
    return;  // the socket closes
  }
  auto deliver = [this, arrived = std::move(connection)]() mutable { tasks_.spawn(serve(std::move(arrived))); };
  try {
    loop_.post(std::move(deliver));
  } catch (...) {
    connections_.fetch_sub(1);  // it will never arrive
    throw;
  }
}

net::awaitable<void> worker::serve(arrival connection) {
  co_await logged(serve_connection(*this, std::move(connection)));
  connections_.fetch_sub(1, std::memory_order_relaxed);
}

void worker::spawn(net::awaitable<void> task) noexcept {
  tasks_.spawn(logged(std::move(task)));
}

net::awaitable<void> worker::logged(net::awaitable<void> task) {
  try {
    co_await std::move(task);
  } catch (std::exception const& bug) {
    log::event(log::level::error, "connection_failed", {{"err", std::string_view(bug.what())}});
  }
}

void worker::use(std::shared_ptr<cluster::registry const> instances) {
  loop_.post([this, fresh = std::move(instances)] {
    // Services that were found take their places in the order of the snapshot.
    for (auto i = table_.services(); i < pools_.size() && !fresh->at(i).name.empty(); ++i) {
      table_.add(fresh->at(i).name);
    }
    for (std::size_t i = 0; i < pools_.size(); ++i) {
      pools_[i].update(fresh, i, loop_.wheel.now());
      rehomings_[i].instances_changed();
    }
  });
}

void worker::use(cluster::opinion found) {
  loop_.post([this, found] {
    pools_[found.service].examined(found.instance, found.is, found.why, loop_.wheel.now());
    outcomes_[found.service].notify_all();
  });
}

void worker::use(std::shared_ptr<tls_contexts const> contexts) {
  loop_.post([this, fresh = std::move(contexts)] { tls_.use(fresh); });
}

void worker::stop(farewell how) {
  loop_.post([this, said = std::move(how)] {
    if (stopping()) return;
    stop_ = said;
    stop_requested_.set();
    cut_greetings_short();
    tasks_.spawn(net::or_terminate(drain_sessions()));
  });
}

greeting::greeting(worker& on, net::stream& client, entrance by) : client_(client), by_(by) {
  on.enter(*this);
}

void worker::enter(greeting& g) noexcept {
  greetings_.push_back(g);
  if (stopping()) cut_greetings_short();
}

void worker::cut_greetings_short() noexcept {
  for (auto& g : greetings_) {
    if (g.by() == entrance::clients || (sessions_.empty() && leaving_.empty())) g.cut_short();
  }
}

void worker::enter(conversation& c) noexcept {
  connections_.fetch_add(1, std::memory_order_relaxed);
  stats_.sessions.add();
  stats_.sessions_opened.add();
  (stopping() ? leaving_ : sessions_).push_back(c);
}

void worker::leave(conversation& c) noexcept {
  c.unlink();
  stats_.sessions.subtract();
  connections_.fetch_sub(1, std::memory_order_relaxed);
  if (stopping() && sessions_.empty() && leaving_.empty()) cut_greetings_short();
}

}  // namespace gw::gateway
