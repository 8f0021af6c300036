// The instances of one service as one worker sees them: which may be dialled now, and which of these shall be.
// One per worker and service, owned by the worker. Pure: time is passed in.
#pragma once

#include "cluster/balancer.hpp"
#include "cluster/health.hpp"
#include "cluster/levelling.hpp"
#include "cluster/registry.hpp"
#include "cluster/reputation.hpp"
#include "cluster/roster.hpp"
#include "config/config.hpp"
#include "core/clock.hpp"

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <random>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace gw::cluster {

/// What is asked of the pool.
struct wish {
  std::span<instance_id const> excluded = {};  // tried already
  std::optional<std::uint64_t> key = {};       // hash_of what the choice shall stick to, if the policy cares
};

/// Whom a rule means: one of the two is given, the other empty.
struct meaning {
  std::string_view address = {};  // as in named()
  std::string_view key = {};      // as in for_key(), not hashed yet
};

/// Whom a dial is for.
struct dial_request {
  std::optional<std::uint64_t> key = {};       // hash_of what hash_on says of the client
  std::optional<instance_id> only = {};        // nobody else will do
  std::span<instance_id const> excluded = {};  // tried already
};

/// Which instances of a service this gateway uses, and for whom.
struct selection {
  config::metadata only = {};  // what an instance must have
  std::size_t subset = 0;      // how many; 0 = all
  std::uint64_t gateway = 0;   // hash_of the name of this one
  config::canary canary = {};
};

/// An instance that could not be reached is *held* back: for a second (plus up to a quarter, at random) after the first
/// failure, twice as long after each further one, at most 30 s. Behind that it is tried once a second until a try
/// succeeds. While no instance is available there is one probe a second for the whole service, and nothing to choose
/// between the probes: callers wait a moment for a probe that is under way, then say NO_INSTANCE.
///
/// An instance whose handshakes or channels failed `eject_failures` times in a row is *ejected* for `eject_for`, longer
/// each time in a row, and behind that probed once a second; one more failure ejects it again. No more than
/// `eject_max_percent` of the instances are out for this reason, and never the only one.
///
/// An instance that is new, or back from an ejection, begins with a tenth of its share, which is full after
/// `slow_start`. Those that were there first begin with all of it.
///
/// A draining instance is never dialled, not even if all of them are or a rule names it: others are kept out by what we
/// have seen, which may be wrong, but this one by the word of whoever runs it.
///
/// An instance that its health checks found unhealthy gets no channels either, but one a second if a rule names it. As
/// Envoy does, we do not believe the checks while fewer than `panic_percent` of the instances are healthy: more likely
/// than all being ill is that the check is, and those that are left would be run down. Those not checked yet count as
/// healthy; draining ones do not count.
///
/// Of the selection only the instances that have all of `only` are used. Of a subset those are that rank highest by
/// rendezvous hashing with the name of this gateway: different ones at every gateway, each with its own share of them,
/// the same ones over time. Who drains, leaves or is unhealthy is replaced by the next in rank. A rule that names an
/// instance or gives a key is not bound by the subset, since all gateways must agree about keys. The canary's instances
/// get the clients whose keys fall in its percentage, and nobody else as long as there are others.
///
/// Instances of the gateway's zone are preferred; what `roster` says decides how far.
///
/// Who may be chosen is kept until something changes it, so that a choice costs what its policy looks at.
class pool {
 public:
  /// `zone` is the gateway's own; empty = no preference. `seed` decides the jitter.
  pool(std::unique_ptr<balancer> policy, config::balancer const& settings, std::string zone, std::uint32_t seed,
       selection used = {});

  /// A new snapshot: instances that stay keep their record. Indexes of choose() are those of `at`.
  void update(std::shared_ptr<registry const> at, std::size_t service_index, time_point now);

  // --- who is dialled; the caller must dial then, and tell the outcome ---

  /// Does a dial_request's key decide anything? If not it need not be found out.
  bool goes_by_key() const noexcept { return policy_->goes_by_key() || !used_.canary.where.empty(); }
  /// The instance to dial next, null if nobody may be dialled now: may_dial() for the only one, else choose().
  instance const* next(dial_request const& asked, time_point now);
  /// next() found nobody: how long it is worth to wait for the outcome of a probe that is under way at an instance that
  /// would do, until the next one is due; zero if there is none.
  duration worth_waiting(dial_request const& asked, time_point now) const;
  /// The index of the instance to dial, none of those excluded, or nothing. Counts as a try of it.
  std::optional<std::size_t> choose(wish const& asked, time_point now);
  /// Whether the instance that a rule or a key names may be dialled now; true counts as a try of it. As nobody can
  /// stand in for it, it is probed once a second also while others are available.
  bool may_dial(instance_id id, time_point now);

  // --- who is meant ---

  /// The instance called "host:port" as configured (of several addresses of a host the first), or "ip:port".
  std::optional<instance_id> named(std::string_view address) const;
  /// The instance that `key` belongs to, whatever the policy, the loads and the zones: one of those available, one of
  /// all if none is; the canary has its percentage of the keys. Nothing only if there are none. No try.
  std::optional<instance_id> for_key(std::uint64_t key, time_point now);
  /// The one or the other; nothing if there is no such instance.
  std::optional<instance_id> meant(meaning const& by, time_point now);
  /// Valid until the next update(); null if it has left.
  instance const* find(instance_id id) const;

  // --- who should move ---

  /// For the channels of `worker`. They stay nowhere that drains, has left, or is no longer one of those used; for
  /// equal loads they move between instances that may be chosen, unless the keys of clients decide where they belong.
  levelling level(std::size_t worker, time_point now) const;

  // --- outcomes; ids of instances that have left are ignored ---

  /// The dial could not reach it.
  void failed(instance_id id, time_point now) { reported(id, trouble::unreachable, now); }
  /// The dial succeeded.
  void succeeded(instance_id id, time_point now);
  /// A channel showed life after its first second, or ended well after it.
  void proved(instance_id id);
  /// True if this ejected the instance: the caller logs and counts that. Unreachable and no_answer hold it at once, all
  /// but unreachable count towards ejection.
  bool reported(instance_id id, trouble what, time_point now);
  /// What the health checks say.
  void examined(instance_id id, verdict what, finding why, time_point now);
  /// How long it took to answer, for policies that care.
  void observed(instance_id id, duration latency, time_point now);

  // --- for logs and metrics ---

  /// How an instance stands; one that has left is available.
  standing state_of(instance_id id, time_point now) const;
  /// Instances that may be chosen.
  std::size_t available(time_point now) const;
  std::span<instance const> instances() const;

 private:
  struct record {
    instance_id id{};
    std::uint64_t address_hash = 0;
    bool in_our_zone = false;
    bool draining = false;
    bool other_kind = false;  // it has not all of selection::only
    bool in_canary = false;
    verdict health = verdict::unknown;
    finding found = finding::good;
    bool usable = false;  // as far as the registry and the checks say: it may be named
    bool chosen = false;  // of those, by the subset: it may be chosen
    reputation known{};
    latency_estimate latency{};
    std::optional<time_point> starts_slowly_from{};
    time_point available_at_roll_call{};

    bool barred() const noexcept { return draining || other_kind; }
    bool available(time_point now) const noexcept { return usable && known.available(now); }
  };

  struct known_owner {
    std::uint64_t key = 0;
    std::optional<instance_id> owner{};  // nothing: the place is free
  };
  using sides = std::array<std::vector<candidate>, 2>;  // without and with the canary's instances

  std::optional<std::size_t> index_of(instance_id id) const;
  record* record_of(instance_id id);
  record made_for(instance const& i) const;
  candidate candidate_at(std::size_t index, time_point now) const;
  std::size_t share_of(record const& r, time_point now) const;
  bool starts_slowly(record const& r, time_point now) const;
  void learnt_about(record const& r);
  bool checks_are_believed() const;
  void select();
  void select_subset(bool of_canary);
  bool counts_for_its_zone(record const& r) const noexcept;
  void try_now(record& r, time_point now);
  void refresh(time_point now);
  void call_the_roll(time_point now);
  void grow_slow_starters(time_point now);
  void add_all_but(std::span<instance_id const> excluded, bool of_canary, time_point now);
  bool canary_serves(std::optional<std::uint64_t> key, bool is_there, bool others_are);
  std::span<candidate const> candidates(wish const& asked, time_point now);
  std::optional<std::size_t> probe(std::span<instance_id const> excluded, time_point now);
  void note_addresses();
  void add_owner(sides& to, candidate one) const;
  std::optional<instance_id> owner_of(std::uint64_t key, sides const& among);
  std::optional<instance_id> owner_now(std::uint64_t key, time_point now);
  bool may_eject(record const& r) const;
  time_point end_of_hold(record const& r, time_point now);

  std::unique_ptr<balancer> policy_;
  config::balancer settings_;
  std::string zone_;
  selection used_;
  std::shared_ptr<registry const> registry_;
  std::size_t service_ = 0;
  std::vector<record> records_;                                 // parallel to instances()
  std::unordered_map<instance_id, std::size_t> places_;         // in records_
  std::map<std::string, instance_id, std::less<>> by_address_;  // "ip:port", and "host:port" as configured
  time_point next_probe_{};
  std::minstd_rand random_;

  // Made from the records when they have changed, or when somebody's hold is over.
  bool changed_ = true;
  time_point next_return_{};
  std::array<roster, 2> rosters_;             // without and with the canary's instances
  std::vector<candidate*> slow_starters_;     // in rosters_
  sides owners_;                              // of keys
  std::array<known_owner, 64> known_owners_;  // clients repeat themselves

  roster without_tried_;
  splitter zones_{0x7a6f6e6573};
  splitter canaries_{0x63616e617279};
};

/// The pool of one service on one worker, without a snapshot yet. No two have the same seed, so that workers do not all
/// wait for the same moment.
pool make_pool(config::config const& settings, std::size_t service, std::size_t worker);

}  // namespace gw::cluster
