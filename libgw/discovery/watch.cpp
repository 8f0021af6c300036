#include "discovery/watch.hpp"

#include "core/log.hpp"
#include "net/task_group.hpp"

#include <algorithm>
#include <utility>

namespace gw::discovery {
namespace {

std::vector<std::string> hosts_in(catalogue const& from) {
  std::vector<std::string> hosts;
  for (auto const& [service, offers] : from) {
    for (auto const& o : offers) {
      if (!config::is_ip_literal(o.host)) hosts.push_back(o.host);
    }
  }
  return hosts;
}

std::size_t count_of(catalogue const& from, std::string const& service) {
  auto const at = from.find(service);
  return at == from.end() ? 0 : at->second.size();
}

}  // namespace

watch::watch(net::loop& where, config::discovery const& settings, std::unique_ptr<source> asked, judge rules,
             network around, listeners told, std::uint32_t seed)
    : loop_(where),
      refresh_(settings.refresh),
      allow_empty_(settings.allow_empty),
      source_(std::move(asked)),
      judge_(std::move(rules)),
      anybody_(std::move(around.anybody)),
      told_(std::move(told)),
      names_(where, std::move(around.names)),
      report_{.name = settings.name, .type = settings.type, .required = settings.required},
      woken_(where.where()),
      settled_(
          where.wheel, [](void* self) { static_cast<watch*>(self)->publish(); }, this),
      random_(seed) {}

net::awaitable<void> watch::run() {
  while (!stopping_) {
    auto const listed = co_await source_->discover(next_question());
    if (stopping_) break;
    if (listed) {
      co_await hear(*listed);
    } else {
      note_failure(listed.error());
    }
    co_await pause(next_pause());
  }
}

void watch::stop() noexcept {
  stopping_ = true;
  settled_.stop();
  source_->stop();
  names_.stop();
  woken_.set();
}

std::vector<std::string> watch::addresses_of(std::string_view host, std::uint16_t port) const {
  auto ips = config::is_ip_literal(host) ? std::vector{std::string(host)} : names_.addresses_of(host);
  std::erase_if(ips, [&](std::string const& ip) { return !judge_.admits(ip, port); });
  return ips;
}

ask watch::next_question() const noexcept {
  bool const certain = report_.answers != 0 && failures_in_a_row_ == 0 && doubted_.empty();
  return certain ? ask::news : ask::everything;
}

/// Never the same twice, so that gateways that were started together do not ask together.
duration watch::next_pause() {
  if (failures_in_a_row_ != 0) {
    auto const doublings = std::min<std::size_t>(failures_in_a_row_ - 1, 6);
    auto const whole = std::min<duration>(shortest_pause * (1 << doublings), source_->longest_pause());
    return between(whole / 2, whole);
  }
  if (!doubted_.empty()) return std::min(refresh_, while_in_doubt);
  if (source_->waits_for_news()) return debounce;
  return between(refresh_ - refresh_ / 10, refresh_ + refresh_ / 10);
}

net::awaitable<void> watch::hear(catalogue const& listed) {
  auto fresh = judged(listed);
  auto const doubted = co_await disbelieved(fresh);
  note_doubts(doubted, fresh);
  fresh = with_kept(std::move(fresh), listed_, doubted);
  co_await names_.learn(hosts_in(fresh));
  if (stopping_) co_return;
  listed_ = std::move(fresh);
  publish();
  note_unreadable(source_->unreadable());
  // Behind publish(): who hears that the source has answered finds its instances there.
  note_answer();
}

/// The services whose loss is not believed: it was not said three times, or nothing is left of a service that still
/// answers. `fresh` becomes the newest list.
net::awaitable<std::vector<std::string>> watch::disbelieved(catalogue& fresh) {
  auto agreed = doubtful_services(listed_, fresh);
  for (int i = 0; i < repeats && !agreed.empty(); ++i) {
    co_await pause(between_repeats);
    auto const repeated = co_await source_->discover(ask::everything);
    if (!repeated) {
      agreed.clear();
      break;
    }
    auto again = judged(*repeated);
    std::erase_if(agreed, [&](std::string const& service) { return !agree(again, fresh, {service}); });
    fresh = std::move(again);
  }
  std::vector<std::string> doubted;
  for (auto const& service : doubtful_services(listed_, fresh)) {
    bool believed = std::find(agreed.begin(), agreed.end(), service) != agreed.end();
    if (believed && count_of(fresh, service) == 0 && !allow_empty_) believed = co_await is_really_empty(service);
    if (!believed) doubted.push_back(service);
  }
  co_return doubted;
}

/// Nobody of those that were there answers any more. What cannot be found out in time is not so.
net::awaitable<bool> watch::is_really_empty(std::string service) {
  std::vector<std::pair<std::string, std::uint16_t>> places;
  for (auto const& o : listed_[service]) {
    for (auto& ip : addresses_of(o.host, o.port)) places.emplace_back(std::move(ip), o.port);
  }
  bool empty = true;
  auto const give_up_at = loop_.wheel.now() + dial_limit;
  auto const one = [&](std::size_t i) { return dial(places[i].first, places[i].second, give_up_at, empty); };
  co_await net::side_by_side(loop_.where(), places.size(), dials_at_once, one);
  co_return empty;
}

net::awaitable<void> watch::dial(std::string ip, std::uint16_t port, time_point give_up_at, bool& empty) {
  if (!empty) co_return;
  bool answers = stopping_ || loop_.wheel.now() > give_up_at;
  if (!answers) answers = co_await anybody_(std::move(ip), port);
  if (answers) empty = false;
}

catalogue watch::judged(catalogue const& listed) {
  auto made = judge_(listed);
  note_refused(made.refused);
  return std::move(made.accepted);
}

void watch::publish() {
  auto const now = loop_.wheel.now();
  auto seen = damper_.through(listed_, now);
  auto const next = damper_.settles_at();
  settled_.stop();
  if (next) settled_.start(*next - now);
  if (seen == believed_) return;
  believed_ = std::move(seen);
  told_.changed();
}

// --- what operators are told: once, not at every try ---

void watch::note_answer() {
  ++report_.answers;
  report_.answered_at = std::chrono::system_clock::now();
  if (std::exchange(failures_in_a_row_, 0) != 0) {
    log::event(log::level::info, "discovery_recovered", {{"source", report_.name}, {"type", report_.type}});
    report_.fault.clear();
  }
  told_.reported();
}

void watch::note_failure(error const& why) {
  ++report_.failures;
  report_.fault = describe(why);
  if (failures_in_a_row_++ == 0) {
    log::event(log::level::warning, "discovery_failed",
               {{"source", report_.name}, {"type", report_.type}, {"err", report_.fault}});
  }
  told_.reported();
}

void watch::note_unreadable(std::size_t entries) {
  if (std::exchange(report_.unreadable, entries) != 0 || entries == 0) return;
  log::event(log::level::warning, "entries_unreadable",
             {{"source", report_.name}, {"type", report_.type}, {"entries", std::uint64_t{entries}}});
}

void watch::note_refused(std::vector<refused_offer> const& refused) {
  std::set<refused_offer> now(refused.begin(), refused.end());
  if (now == refused_) return;
  constexpr std::size_t most_lines = 10;
  std::size_t lines = 0;
  for (auto const& r : now) {
    if (refused_.contains(r)) continue;
    ++report_.refused[static_cast<std::size_t>(r.why)];
    if (++lines > most_lines) continue;
    log::event(log::level::warning, "offer_refused",
               {{"source", report_.name}, {"service", r.service}, {"address", r.address}, {"reason", name_of(r.why)}});
  }
  refused_ = std::move(now);
  told_.reported();
}

void watch::note_doubts(std::vector<std::string> const& doubted, catalogue const& fresh) {
  for (auto const& service : doubted) {
    if (std::find(doubted_.begin(), doubted_.end(), service) != doubted_.end()) continue;
    log::event(log::level::warning, "discovery_not_believed",
               {{"source", report_.name},
                {"service", service},
                {"instances", count_of(listed_, service)},
                {"listed", count_of(fresh, service)}});
  }
  doubted_ = doubted;
}

// --- time ---

net::awaitable<void> watch::pause(duration for_long) {
  if (stopping_) co_return;
  woken_.clear();
  net::timer again(loop_.wheel, woken_);
  again.start(for_long);
  co_await woken_.wait();
}

duration watch::between(duration least, duration most) {
  std::uniform_int_distribution<duration::rep> any(least.count(), most.count());
  return duration(any(random_));
}

}  // namespace gw::discovery
