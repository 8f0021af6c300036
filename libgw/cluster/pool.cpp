#include "cluster/pool.hpp"

#include "cluster/hash.hpp"
#include "config/address.hpp"

#include <algorithm>
#include <utility>

namespace gw::cluster {
namespace {

// What a slowly starting instance begins with.
constexpr std::size_t first_share = candidate::full_share / 10;
// Until the next one is due: on a busy machine even a good instance takes hundreds of milliseconds.
constexpr duration patience_with_probes = reputation::probe_period;

bool has_all(config::metadata const& had, config::metadata const& wanted) {
  return std::includes(had.begin(), had.end(), wanted.begin(), wanted.end());
}

bool contains(std::span<instance_id const> ids, instance_id id) {
  return std::find(ids.begin(), ids.end(), id) != ids.end();
}

}  // namespace

pool::pool(std::unique_ptr<balancer> policy, config::balancer const& settings, std::string zone, std::uint32_t seed,
           selection used)
    : policy_(std::move(policy)), settings_(settings), zone_(std::move(zone)), used_(std::move(used)), random_(seed) {}

std::span<instance const> pool::instances() const {
  return registry_ ? std::span<instance const>(registry_->at(service_).instances) : std::span<instance const>();
}

std::optional<std::size_t> pool::index_of(instance_id id) const {
  auto const at = places_.find(id);
  if (at == places_.end()) return std::nullopt;
  return at->second;
}

pool::record* pool::record_of(instance_id id) {
  auto const index = index_of(id);
  return index ? &records_[*index] : nullptr;
}

pool::record pool::made_for(instance const& i) const {
  return {.id = i.id,
          .address_hash = hash_of(config::host_port_text(i.ip, i.configured.port)),
          .in_our_zone = zone_.empty() || i.zone == zone_,
          .draining = i.draining,
          .other_kind = !has_all(*i.metadata, used_.only),
          .in_canary = !used_.canary.where.empty() && has_all(*i.metadata, used_.canary.where)};
}

void pool::update(std::shared_ptr<registry const> at, std::size_t service_index, time_point now) {
  bool const first = records_.empty();
  registry_ = std::move(at);
  service_ = service_index;
  std::vector<record> records;
  std::unordered_map<instance_id, std::size_t> places;
  for (auto const& i : instances()) {
    places.emplace(i.id, records.size());
    auto& fresh = records.emplace_back(made_for(i));
    if (auto const* const known = record_of(i.id); known != nullptr) {
      fresh.known = known->known;
      fresh.latency = known->latency;
      fresh.health = known->health;
      fresh.found = known->found;
      fresh.starts_slowly_from = known->starts_slowly_from;
    } else if (!first) {
      fresh.starts_slowly_from = now;
    }
  }
  records_ = std::move(records);
  places_ = std::move(places);
  note_addresses();
  select();
}

// --- who may be chosen ---

bool pool::checks_are_believed() const {
  std::size_t all = 0;
  std::size_t healthy = 0;
  for (auto const& r : records_) {
    if (r.barred()) continue;
    ++all;
    if (r.health != verdict::unhealthy) ++healthy;
  }
  return healthy * 100 >= all * settings_.panic_percent;
}

void pool::select() {
  bool const believed = checks_are_believed();
  for (auto& r : records_) r.chosen = r.usable = !r.barred() && !(believed && r.health == verdict::unhealthy);
  if (used_.subset != 0) {
    for (bool const of_canary : {false, true}) select_subset(of_canary);
  }
  changed_ = true;
}

void pool::select_subset(bool of_canary) {
  std::vector<record*> usable;
  for (auto& r : records_) {
    if (r.usable && r.in_canary == of_canary) usable.push_back(&r);
  }
  if (usable.size() <= used_.subset) return;
  auto const last = usable.begin() + static_cast<std::ptrdiff_t>(used_.subset);
  std::nth_element(usable.begin(), last, usable.end(), [this](record const* a, record const* b) {
    return mixed(a->address_hash ^ used_.gateway) > mixed(b->address_hash ^ used_.gateway);
  });
  std::for_each(last, usable.end(), [](record* r) { r->chosen = false; });
}

bool pool::starts_slowly(record const& r, time_point now) const {
  return r.starts_slowly_from && now < *r.starts_slowly_from + settings_.slow_start;
}

std::size_t pool::share_of(record const& r, time_point now) const {
  if (!starts_slowly(r, now)) return candidate::full_share;
  auto const passed = now - *r.starts_slowly_from;
  auto const grown = static_cast<duration::rep>(candidate::full_share - first_share) * passed / settings_.slow_start;
  return first_share + static_cast<std::size_t>(grown);
}

candidate pool::candidate_at(std::size_t index, time_point now) const {
  auto const& r = records_[index];
  auto const& i = instances()[index];
  return {.index = index,
          .weight = i.weight,
          .share = share_of(r, now),
          .id = r.id,
          .address_hash = r.address_hash,
          .load = i.load.get(),
          .latency = &r.latency};
}

/// Something was learnt about it: does that change from when on it may be chosen?
void pool::learnt_about(record const& r) {
  changed_ = changed_ || r.known.available_from() != r.available_at_roll_call;
}

void pool::try_now(record& r, time_point now) {
  r.known.tried(now);
  learnt_about(r);
}

void pool::refresh(time_point now) {
  if (changed_ || now >= next_return_) call_the_roll(now);
  if (!slow_starters_.empty()) grow_slow_starters(now);
}

void pool::call_the_roll(time_point now) {
  changed_ = false;
  next_return_ = time_point::max();
  for (auto& r : rosters_) r.clear(records_.size());
  slow_starters_.clear();
  for (auto& o : owners_) o.clear();
  known_owners_.fill({});
  for (std::size_t i = 0; i < records_.size(); ++i) {
    auto& r = records_[i];
    r.available_at_roll_call = r.known.available_from();
    bool const available = r.available(now);
    if (r.usable && !available) next_return_ = std::min(next_return_, r.available_at_roll_call);
    auto const one = candidate_at(i, now);
    if (counts_for_its_zone(r)) {
      auto* const kept = rosters_[r.in_canary ? 1 : 0].add(one, r.in_our_zone, available && r.chosen);
      if (kept != nullptr && starts_slowly(r, now)) slow_starters_.push_back(kept);
    }
    if (available) add_owner(owners_, one);
  }
  for (auto& r : rosters_) r.close();
}

/// Those that cannot be chosen count as what the zone lacks, but not those that are for others.
bool pool::counts_for_its_zone(record const& r) const noexcept {
  return !r.other_kind && (r.chosen || used_.subset == 0);
}

void pool::grow_slow_starters(time_point now) {
  for (auto* const c : slow_starters_) c->share = share_of(records_[c->index], now);
  auto const has_started = [](candidate const* c) { return c->share == candidate::full_share; };
  slow_starters_.erase(std::remove_if(slow_starters_.begin(), slow_starters_.end(), has_started), slow_starters_.end());
}

// --- who is dialled ---

/// Into without_tried_: whoever may be chosen of one side.
void pool::add_all_but(std::span<instance_id const> excluded, bool of_canary, time_point now) {
  without_tried_.clear(records_.size());
  for (std::size_t i = 0; i < records_.size(); ++i) {
    auto const& r = records_[i];
    bool const free = r.chosen && r.available(now) && r.in_canary == of_canary && !contains(excluded, r.id);
    without_tried_.add(candidate_at(i, now), r.in_our_zone, free);
  }
  without_tried_.close();
}

bool pool::canary_serves(std::optional<std::uint64_t> key, bool is_there, bool others_are) {
  if (!is_there || !others_are) return is_there;
  return canaries_.draw(used_.canary.percent * roster::whole / 100, key);
}

/// Those that the policy may choose from; nobody if there is nobody.
std::span<candidate const> pool::candidates(wish const& asked, time_point now) {
  refresh(now);
  bool const of_canary = canary_serves(asked.key, !rosters_[1].empty(), !rosters_[0].empty());
  auto const& side = rosters_[of_canary ? 1 : 0];
  auto const away_share = side.away_share();
  bool const away = away_share > 0 && zones_.draw(away_share, policy_->goes_by_key() ? asked.key : std::nullopt);
  if (asked.excluded.empty()) return side.among(away);
  add_all_but(asked.excluded, of_canary, now);
  if (without_tried_.empty()) add_all_but(asked.excluded, !of_canary, now);
  return without_tried_.among(away);
}

std::optional<std::size_t> pool::choose(wish const& asked, time_point now) {
  auto const available_now = candidates(asked, now);
  if (available_now.empty()) return probe(asked.excluded, now);
  auto const chosen = available_now[policy_->pick(available_now, asked.key, now)].index;
  try_now(records_[chosen], now);
  if (changed_ && available(now) == 0) next_probe_ = now + reputation::probe_period;  // that was one
  return chosen;
}

instance const* pool::next(dial_request const& asked, time_point now) {
  if (asked.only) return asked.excluded.empty() && may_dial(*asked.only, now) ? find(*asked.only) : nullptr;
  auto const index = choose({.excluded = asked.excluded, .key = asked.key}, now);
  return index ? &instances()[*index] : nullptr;
}

duration pool::worth_waiting(dial_request const& asked, time_point now) const {
  duration longest{};
  for (auto const& r : records_) {
    if (r.barred() || (asked.only && *asked.only != r.id) || contains(asked.excluded, r.id) || !r.known.probed())
      continue;
    longest = std::max<duration>(longest, r.known.tried_at() + patience_with_probes - now);
  }
  return longest;
}

/// The one that was not tried for longest, so that probes go round.
std::optional<std::size_t> pool::probe(std::span<instance_id const> excluded, time_point now) {
  if (now < next_probe_ || available(now) > 0) return std::nullopt;
  std::optional<std::size_t> next;
  for (std::size_t i = 0; i < records_.size(); ++i) {
    auto const& r = records_[i];
    if (r.barred() || (r.usable && !r.chosen) || contains(excluded, r.id)) continue;
    if (!next || records_[i].known.tried_at() < records_[*next].known.tried_at()) next = i;
  }
  if (next) {
    next_probe_ = now + reputation::probe_period;
    try_now(records_[*next], now);
  }
  return next;
}

bool pool::may_dial(instance_id id, time_point now) {
  auto* const r = record_of(id);
  if (r == nullptr || r->barred()) return false;
  if (!r->available(now) && now < r->known.tried_at() + reputation::probe_period) return false;
  try_now(*r, now);
  return true;
}

instance const* pool::find(instance_id id) const {
  auto const index = index_of(id);
  return index ? &instances()[*index] : nullptr;
}

// --- outcomes ---

void pool::succeeded(instance_id id, time_point now) {
  auto* const r = record_of(id);
  if (r == nullptr) return;
  if (r->known.succeeded()) r->starts_slowly_from = now;
  learnt_about(*r);
}

void pool::proved(instance_id id) {
  if (auto* const r = record_of(id); r != nullptr) r->known.proved();
}

bool pool::reported(instance_id id, trouble what, time_point now) {
  auto* const r = record_of(id);
  if (r == nullptr) return false;
  if (what == trouble::unreachable || what == trouble::no_answer) {
    r->known.hold(what, end_of_hold(*r, now), now);
    learnt_about(*r);
    next_probe_ = std::max(next_probe_, now + reputation::probe_period);
  }
  if (what == trouble::unreachable || settings_.eject_failures == 0) return false;
  if (!r->known.counts_out(what, settings_.eject_failures) || !may_eject(*r)) return false;
  r->known.eject(settings_.eject_for, now);
  learnt_about(*r);
  return true;
}

void pool::examined(instance_id id, verdict what, finding why, time_point now) {
  auto* const r = record_of(id);
  if (r == nullptr) return;
  if (r->health == verdict::unhealthy && what == verdict::healthy) r->starts_slowly_from = now;
  r->health = what;
  r->found = why;
  select();
}

void pool::observed(instance_id id, duration latency, time_point now) {
  if (auto* const r = record_of(id); r != nullptr) r->latency.observe(latency, now);
}

bool pool::may_eject(record const& r) const {
  std::size_t all = 0;
  std::size_t out = 1;
  for (auto const& other : records_) {
    if (other.barred()) continue;
    ++all;
    if (&other != &r && other.known.on_probation()) ++out;
  }
  return all > 1 && out * 100 <= all * settings_.eject_max_percent;
}

time_point pool::end_of_hold(record const& r, time_point now) {
  auto const hold = r.known.next_hold();
  std::uniform_int_distribution<std::int64_t> jitter(0, hold.count() / 4);
  return now + hold + std::chrono::milliseconds(jitter(random_));
}

// --- for logs and metrics ---

standing pool::state_of(instance_id id, time_point now) const {
  auto const index = index_of(id);
  if (!index) return {};
  auto const& r = records_[*index];
  auto const found = r.health == verdict::unhealthy ? text_of(r.found) : std::string_view();
  if (r.draining) return {.is = standing::kind::draining};
  if (r.other_kind || (r.usable && !r.chosen)) return {.is = standing::kind::left_out};
  if (!r.usable) return {.is = standing::kind::unhealthy, .reason = found};
  auto known = r.known.at(now);
  if (known.reason.empty()) known.reason = found;
  return known;
}

std::size_t pool::available(time_point now) const {
  return static_cast<std::size_t>(
      std::count_if(records_.begin(), records_.end(), [now](record const& r) { return r.chosen && r.available(now); }));
}

pool make_pool(config::config const& settings, std::size_t service, std::size_t worker) {
  auto const& own = settings.services[service];
  auto const kinds = balancer_kinds();
  auto const* const named = config::find_kind(kinds, own.balancer.empty() ? settings.balancer.policy : own.balancer);
  auto const seed = static_cast<std::uint32_t>(worker * 7919 + service + 1);
  return {(named == nullptr ? kinds.data() : named)->make(seed),
          settings.balancer,
          settings.zone,
          seed,
          {.only = own.only, .subset = own.subset, .gateway = hash_of(settings.name), .canary = own.canary}};
}

}  // namespace gw::cluster
