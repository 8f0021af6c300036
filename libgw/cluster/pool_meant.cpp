// Whom rules mean: the part of the pool that goes by addresses and keys. See pool.hpp.
#include "cluster/hash.hpp"
#include "cluster/pool.hpp"
#include "cluster/rendezvous.hpp"
#include "config/address.hpp"

#include <algorithm>

namespace gw::cluster {

/// Of several instances of one host the first has its name.
void pool::note_addresses() {
  by_address_.clear();
  for (auto const& i : instances()) {
    by_address_.emplace(config::host_port_text(i.configured.host, i.configured.port), i.id);
    by_address_.emplace(config::host_port_text(i.ip, i.configured.port), i.id);
  }
}

std::optional<instance_id> pool::named(std::string_view address) const {
  auto const at = by_address_.find(address);
  if (at == by_address_.end()) return std::nullopt;
  return at->second;
}

void pool::add_owner(sides& to, candidate one) const {
  one.share = candidate::full_share;  // a slow start is a worker's own, and workers must agree
  to[records_[one.index].in_canary ? 1 : 0].push_back(one);
}

std::optional<instance_id> pool::owner_of(std::uint64_t key, sides const& among) {
  auto const& [others, canary] = among;
  if (others.empty() && canary.empty()) return std::nullopt;
  auto const& side = canary_serves(key, !canary.empty(), !others.empty()) ? canary : others;
  return side[rendezvous(side, key)].id;
}

std::optional<instance_id> pool::for_key(std::uint64_t key, time_point now) {
  refresh(now);
  auto& known = known_owners_[key % known_owners_.size()];
  if (!known.owner || known.key != key) known = {.key = key, .owner = owner_now(key, now)};
  return known.owner;
}

std::optional<instance_id> pool::owner_now(std::uint64_t key, time_point now) {
  if (auto const owner = owner_of(key, owners_)) return owner;
  bool const all_barred = std::all_of(records_.begin(), records_.end(), [](record const& r) { return r.barred(); });
  sides all;
  for (std::size_t i = 0; i < records_.size(); ++i) {
    if (!records_[i].barred() || all_barred) add_owner(all, candidate_at(i, now));
  }
  return owner_of(key, all);
}

std::optional<instance_id> pool::meant(meaning const& by, time_point now) {
  return by.address.empty() ? for_key(hash_of(by.key), now) : named(by.address);
}

}  // namespace gw::cluster
