#include "cluster/balancer.hpp"

#include "cluster/hash.hpp"
#include "cluster/rendezvous.hpp"

#include <algorithm>
#include <array>
#include <random>
#include <vector>

namespace gw::cluster {
namespace {

using hash_key = std::optional<std::uint64_t>;

/// Draws positions; cheaper than the distributions of the standard library.
class lottery {
 public:
  explicit lottery(std::uint32_t seed) : state_(mixed(seed)) {}

  struct pair {
    std::size_t first;
    std::size_t second;
  };
  /// Two different ones, all equally likely; `count` is 2 at least.
  pair two_of(std::size_t count) noexcept {
    auto const bits = next();
    auto const first = below(count, bits >> 32);
    auto const second = below(count - 1, bits & low_half);
    return {first, second < first ? second : second + 1};
  }
  /// One, by weight (A. J. Walker's aliases).
  std::size_t by_weight(std::span<candidate const> among) noexcept {
    auto const bits = next();
    auto const at = below(among.size(), bits >> 32);
    return (bits & low_half) <= among[at].stays ? at : among[at].other;
  }

 private:
  static constexpr std::uint64_t low_half = 0xffff'ffffU;

  std::uint64_t next() noexcept { return mixed(state_ += 0x9e3779b97f4a7c15U); }
  static std::size_t below(std::size_t count, std::uint64_t bits_32) noexcept { return count * bits_32 >> 32; }

  std::uint64_t state_;
};

/// (channels + 1) / strength, compared without a division.
struct burden {
  explicit burden(candidate const& c) : with_one_more(c.channels() + 1), strength(c.strength()) {}

  friend bool operator<(burden const& a, burden const& b) {
    return a.with_one_more * b.strength < b.with_one_more * a.strength;
  }

  std::int64_t with_one_more;
  std::int64_t strength;
};

/// The instance that would be the least loaded for its weight with the new channel on it. Of few all are compared, and
/// the search begins one further every time, so that equal instances take turns. Of many the better of two at random,
/// drawn by weight, is taken: nearly as even (the fullest is log log n above the mean), and the cost does not grow.
class least_loaded final : public balancer {
 public:
  explicit least_loaded(std::uint32_t seed) : lottery_(seed) {}

  std::size_t pick(std::span<candidate const> available, hash_key, time_point) override {
    if (available.size() <= few) return least_of_all(available);
    auto const one = lottery_.by_weight(available);
    auto const other = lottery_.by_weight(available);
    return burden(available[other]) < burden(available[one]) ? other : one;
  }

 private:
  static constexpr std::size_t few = 16;

  std::size_t least_of_all(std::span<candidate const> available) {
    auto const count = available.size();
    auto best = turn_++ % count;
    burden least(available[best]);
    for (std::size_t step = 1, i = best; step < count; ++step) {
      i = i + 1 < count ? i + 1 : 0;
      burden const other(available[i]);
      if (!(other < least)) continue;
      least = other;
      best = i;
    }
    return best;
  }

  std::size_t turn_ = 0;
  lottery lottery_;
};

/// The cheaper of two at random, by latency x (channels + 1) / strength: near the best choice without everybody running
/// to the one instance that looks best.
class p2c_ewma final : public balancer {
 public:
  explicit p2c_ewma(std::uint32_t seed) : lottery_(seed) {}

  std::size_t pick(std::span<candidate const> available, hash_key, time_point now) override {
    if (available.size() == 1) return 0;
    auto const drawn = lottery_.two_of(available.size());
    return cheaper(available[drawn.second], available[drawn.first], now) ? drawn.second : drawn.first;
  }

 private:
  static bool cheaper(candidate const& a, candidate const& b, time_point now) {
    auto latency_a = a.latency_at(now);
    auto latency_b = b.latency_at(now);
    // Who is not known yet is taken to be as fast as the other: neither shunned nor run down.
    if (latency_a == 0 || latency_b == 0) latency_a = latency_b = 1;
    return latency_a * static_cast<double>((a.channels() + 1) * b.strength()) <
           latency_b * static_cast<double>((b.channels() + 1) * a.strength());
  }

  lottery lottery_;
};

/// Smooth round robin, as nginx has it: at every pick each instance earns its strength, the richest is taken and pays
/// what all have earned. Over a round everybody is taken in proportion, spread as evenly as can be.
class smooth_round_robin : public balancer {
 public:
  std::size_t pick(std::span<candidate const> available, hash_key, time_point) final {
    std::size_t best = 0;
    std::int64_t paid = 0;
    std::int64_t most = 0;
    for (std::size_t i = 0; i < available.size(); ++i) {
      auto const earned = earned_by(available[i]);
      auto& credit = credit_of(available[i]);
      credit += earned;
      paid += earned;
      if (i == 0 || credit > most) {
        most = credit;
        best = i;
      }
    }
    credit_of(available[best]) -= paid;
    return best;
  }

 private:
  struct account {
    instance_id of{};
    std::int64_t credit = 0;
  };

  virtual std::int64_t earned_by(candidate const& c) const = 0;

  /// A new snapshot may put another instance in the place of one: it begins with nothing.
  std::int64_t& credit_of(candidate const& c) {
    if (c.index >= accounts_.size()) accounts_.resize(c.index + 1);
    auto& a = accounts_[c.index];
    if (a.of != c.id) a = {c.id, 0};
    return a.credit;
  }

  std::vector<account> accounts_;  // by index
};

class round_robin final : public smooth_round_robin {
 public:
  explicit round_robin(std::uint32_t) {}

 private:
  std::int64_t earned_by(candidate const& c) const override { return static_cast<std::int64_t>(c.share); }
};

class weighted_round_robin final : public smooth_round_robin {
 public:
  explicit weighted_round_robin(std::uint32_t) {}

 private:
  std::int64_t earned_by(candidate const& c) const override { return c.strength(); }
};

class by_chance final : public balancer {
 public:
  explicit by_chance(std::uint32_t seed) : random_(seed) {}

  std::size_t pick(std::span<candidate const> available, hash_key, time_point) override {
    std::int64_t all = 0;
    for (auto const& c : available) all += c.strength();
    auto drawn = std::uniform_int_distribution<std::int64_t>(0, all - 1)(random_);
    std::size_t at = 0;
    while (drawn >= available[at].strength()) drawn -= available[at++].strength();
    return at;
  }

 private:
  std::minstd_rand random_;
};

class consistent_hash final : public balancer {
 public:
  explicit consistent_hash(std::uint32_t seed) : without_key_(seed) {}

  bool goes_by_key() const noexcept override { return true; }

  std::size_t pick(std::span<candidate const> available, hash_key key, time_point now) override {
    return key ? rendezvous_within_bounds(available, *key) : without_key_.pick(available, key, now);
  }

 private:
  least_loaded without_key_;
};

template <class Balancer>
std::unique_ptr<balancer> make(std::uint32_t seed) {
  return std::make_unique<Balancer>(seed);
}

constexpr auto kinds = std::to_array<balancer_kind>({
    {"least_loaded",
     "The instance with the fewest channels for its weight, over all workers; of more than 16 the better of two at "
     "random.",
     make<least_loaded>},
    {"p2c_ewma", "Of two instances at random the one with the smaller latency x channels / weight.", make<p2c_ewma>},
    {"round_robin", "Every instance in turn, whatever its weight.", make<round_robin>},
    {"weighted_round_robin", "In turn, in proportion to the weights, evenly spread.", make<weighted_round_robin>},
    {"random", "By chance, in proportion to the weights.", make<by_chance>},
    {"consistent_hash",
     "By the hash of what `hash_on` says, so that a client stays where it was, as long as that instance has no more "
     "than 1.25 "
     "times the mean load.",
     make<consistent_hash>},
});

}  // namespace

std::span<balancer_kind const> balancer_kinds() {
  return kinds;
}

}  // namespace gw::cluster
