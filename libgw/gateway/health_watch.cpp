#include "gateway/health_watch.hpp"

#include "core/log.hpp"
#include "gateway/health_check.hpp"
#include "gateway/upstream.hpp"

#include <algorithm>
#include <optional>
#include <utility>

namespace gw::gateway {
namespace {

// The first check comes within this time, so that a verdict is soon there; those of many instances not all at once.
constexpr duration first_within = std::chrono::milliseconds(500);
constexpr duration longest_nap = std::chrono::seconds(1);

/// Keeps a list of the streams that are there, for whoever has to close them.
class listed {
 public:
  listed(std::vector<net::stream*>& in, net::stream& what) : in_(in), what_(&what) { in_.push_back(what_); }
  ~listed() { std::erase(in_, what_); }
  listed(listed const&) = delete;
  listed& operator=(listed const&) = delete;

 private:
  std::vector<net::stream*>& in_;
  net::stream* what_;
};

}  // namespace

health_watch::health_watch(net::loop& on, std::shared_ptr<config::config const> settings,
                           std::function<void(cluster::opinion)> tell)
    : loop_(on),
      settings_(std::move(settings)),
      tell_(std::move(tell)),
      tls_(nullptr),
      changed_(on),
      visits_(on.where()),
      counts_(settings_->services.size()) {}

void health_watch::use(std::shared_ptr<cluster::registry const> instances) {
  // Nothing is changed before everything is made.
  std::map<cluster::instance_id, watched> fresh;
  auto due = due_;
  for (std::size_t s = 0; s < settings_->services.size(); ++s) {
    if (!settings_->services[s].health.enabled()) continue;
    for (auto const& i : instances->at(s).instances) {
      auto& w = fresh.emplace(i.id, watched{.service = s, .who = &i}).first->second;
      if (auto const known = watched_.find(i.id); known != watched_.end()) {
        w.record = known->second.record;
      } else {
        due.emplace(loop_.wheel.now() + jittered(first_within) - first_within / 2, i.id);
      }
    }
  }
  std::erase_if(due, [&fresh](auto const& turn) { return !fresh.contains(turn.second); });
  watched_.swap(fresh);
  due_.swap(due);
  registry_ = std::move(instances);
  for (std::size_t s = 0; s < counts_.size(); ++s) count(s);
  changed_.notify_all();
}

/// Half of it to one and a half times.
duration health_watch::jittered(duration about) {
  return about / 2 + duration(std::uniform_int_distribution<duration::rep>(0, about.count())(random_));
}

net::awaitable<void> health_watch::run() {
  auto const has_health = [](config::service const& s) { return s.health.enabled(); };
  if (std::none_of(settings_->services.begin(), settings_->services.end(), has_health)) co_return;
  while (!stopping_) {
    begin_those_due();
    auto const nap = until_next();
    co_await changed_.wait_for(nap);
  }
  co_await visits_.join();
}

void health_watch::stop() noexcept {
  stopping_ = true;
  for (auto* const s : open_) s->close();
  changed_.notify_all();
}

/// Who is due for longest comes first, so that nobody is passed by while more are slow than may be asked at once.
void health_watch::begin_those_due() {
  auto const now = loop_.wheel.now();
  while (visits_.size() < most_at_once && !due_.empty() && due_.begin()->first <= now) {
    auto const& w = watched_.at(due_.begin()->second);
    visits_.spawn(visit(w.service, *w.who));
    due_.erase(due_.begin());
  }
}

duration health_watch::until_next() const {
  if (visits_.size() >= most_at_once || due_.empty()) return longest_nap;  // the end of a visit or use() wakes us
  return std::min(due_.begin()->first - loop_.wheel.now(), longest_nap);
}

net::awaitable<void> health_watch::visit(std::size_t service, cluster::instance who) {
  if (stopping_) co_return;  // stop() has not seen it
  std::optional<cluster::finding> found;
  try {
    auto const& settings = settings_->services[service];
    net::stream by(loop_);
    listed const seen(open_, by);
    auto engine = tls_.for_upstream(service, who.id, certified_name(settings, who));
    patient const whom{settings, who};
    found = co_await examine(loop_, by, whom, std::move(engine));
  } catch (std::exception const& fault) {
    log::event(log::level::error, "health_check_failed", {{"err", std::string_view(fault.what())}});
  }
  conclude(who, found);
  changed_.notify_all();
}

void health_watch::conclude(cluster::instance const& who, std::optional<cluster::finding> found) {
  auto const at = watched_.find(who.id);
  if (at == watched_.end() || stopping_) return;  // it has left meanwhile
  auto& w = at->second;
  auto const& service = settings_->services[w.service];
  // A little more or less, so that the checks of many gateways do not fall together.
  auto const interval = duration(service.health.interval);
  due_.emplace(loop_.wheel.now() + interval * 9 / 10 + jittered(interval / 10), who.id);
  if (!found || !w.record.note(*found, service.health)) return;
  auto const is = w.record.is();
  log::event(is == cluster::verdict::healthy ? log::level::info : log::level::warning, "instance_health",
             {{"service", registry_->at(w.service).name},
              {"instance", name_of(who)},
              {"state", cluster::text_of(is)},
              {"reason", cluster::text_of(*found)}});
  tell_({.service = w.service, .instance = who.id, .is = is, .why = *found});
  count(w.service);
}

void health_watch::count(std::size_t service) {
  instance_counts now;
  for (auto const& i : registry_->at(service).instances) {
    auto const w = watched_.find(i.id);
    auto const is = w == watched_.end() ? cluster::verdict::unknown : w->second.record.is();
    ++(i.draining                          ? now.draining
       : is == cluster::verdict::healthy   ? now.healthy
       : is == cluster::verdict::unhealthy ? now.unhealthy
                                           : now.unknown);
  }
  auto& shown = counts_[service];
  shown.healthy.store(now.healthy, std::memory_order_relaxed);
  shown.unhealthy.store(now.unhealthy, std::memory_order_relaxed);
  shown.unknown.store(now.unknown, std::memory_order_relaxed);
  shown.draining.store(now.draining, std::memory_order_relaxed);
}

std::vector<instance_counts> health_watch::counts() const {
  std::vector<instance_counts> all;
  for (auto const& shown : counts_) {
    all.push_back({.healthy = shown.healthy.load(std::memory_order_relaxed),
                   .unhealthy = shown.unhealthy.load(std::memory_order_relaxed),
                   .unknown = shown.unknown.load(std::memory_order_relaxed),
                   .draining = shown.draining.load(std::memory_order_relaxed)});
  }
  return all;
}

}  // namespace gw::gateway
