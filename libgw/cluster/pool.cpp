#include "cluster/pool.hpp"

#include <algorithm>
#include <utility>

namespace gw::cluster {
namespace {

bool contains(std::span<instance_id const> ids, instance_id id) {
  return std::find(ids.begin(), ids.end(), id) != ids.end();
}

}  // namespace

pool::pool(std::unique_ptr<balancer> policy, std::uint32_t seed) : policy_(std::move(policy)), random_(seed) {}

std::span<instance const> pool::instances() const {
  return registry_ ? std::span<instance const>(registry_->at(service_).instances) : std::span<instance const>();
}

pool::record* pool::find(instance_id id) {
  auto const at = std::find_if(records_.begin(), records_.end(), [id](record const& r) { return r.id == id; });
  return at == records_.end() ? nullptr : &*at;
}

void pool::update(std::shared_ptr<registry const> at, std::size_t service_index) {
  registry_ = std::move(at);
  service_ = service_index;
  std::vector<record> records;
  for (auto const& i : instances()) {
    auto const* const known = find(i.id);
    records.push_back(known != nullptr ? *known : record{.id = i.id});
  }
  records_ = std::move(records);
}

std::optional<std::size_t> pool::choose(std::span<instance_id const> excluded, std::uint64_t key, time_point now) {
  auto const all = instances();
  candidates_.clear();
  for (std::size_t i = 0; i < all.size(); ++i) {
    if (records_[i].held_until > now || contains(excluded, all[i].id)) continue;
    candidates_.push_back({.index = i, .load = all[i].load->total(), .weight = all[i].weight});
  }
  if (candidates_.empty()) return probe(excluded, now);
  auto const chosen = candidates_[policy_->pick(candidates_, key)].index;
  auto& r = records_[chosen];
  if (r.failures > 0) {
    r.held_until = now + probe_period;
    r.on_trial = true;
  }
  return chosen;
}

std::optional<std::size_t> pool::probe(std::span<instance_id const> excluded, time_point now) {
  if (now < next_probe_ || available(now) > 0) return std::nullopt;
  std::optional<std::size_t> soonest;
  for (std::size_t i = 0; i < records_.size(); ++i) {
    if (contains(excluded, records_[i].id)) continue;
    if (!soonest || records_[i].held_until < records_[*soonest].held_until) soonest = i;
  }
  if (soonest) {
    next_probe_ = now + probe_period;
    // Behind the others, so that the next probe goes to another instance.
    records_[*soonest].held_until = now + hold_after(records_[*soonest].failures);
    records_[*soonest].on_trial = true;
  }
  return soonest;
}

void pool::failed(instance_id id, time_point now) {
  auto* const r = find(id);
  if (r == nullptr) return;
  if (r->failures > 0 && !std::exchange(r->on_trial, false)) return;
  r->held_until = now + hold_after(++r->failures);
  next_probe_ = std::max(next_probe_, now + probe_period);
}

void pool::succeeded(instance_id id) {
  auto* const r = find(id);
  if (r != nullptr) *r = record{.id = id};
}

std::size_t pool::available(time_point now) const {
  return static_cast<std::size_t>(
      std::count_if(records_.begin(), records_.end(), [now](record const& r) { return r.held_until <= now; }));
}

std::chrono::milliseconds pool::hold_after(unsigned failures) {
  auto const doublings = std::min(failures > 0 ? failures - 1 : 0, 10U);
  auto const hold = std::min(shortest_hold * (1U << doublings), longest_hold);
  std::uniform_int_distribution<std::int64_t> jitter(0, hold.count() / 4);
  return hold + std::chrono::milliseconds(jitter(random_));
}

}  // namespace gw::cluster
