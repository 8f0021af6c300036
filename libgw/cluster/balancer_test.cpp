#include "cluster/balancer.hpp"

#include "cluster/hash.hpp"
#include "cluster/rendezvous.hpp"
#include "cluster/roster.hpp"

#include "testing/catch.hpp"

#include <algorithm>
#include <bit>
#include <deque>
#include <set>
#include <string>
#include <vector>

using namespace std::chrono_literals;

namespace {

using gw::cluster::candidate;
using gw::cluster::instance_id;

constexpr gw::time_point now = gw::time_point() + 1h;

std::unique_ptr<gw::cluster::balancer> made(std::string_view name, std::uint32_t seed = 1) {
  auto const* const kind = gw::config::find_kind(gw::cluster::balancer_kinds(), name);
  REQUIRE(kind != nullptr);
  return kind->make(seed);
}

struct one {
  int channels = 0;
  std::size_t weight = 1;
  std::size_t share = candidate::full_share;
  gw::duration latency = {};
};

/// Candidates, and what they point at.
struct scene {
  std::deque<gw::cluster::instance_load> loads;
  std::deque<gw::cluster::latency_estimate> latencies;
  std::vector<candidate> candidates;

  explicit scene(std::vector<one> const& all) {
    for (auto const& c : all) {
      auto& load = loads.emplace_back(1);
      load.add(0, c.channels);
      auto& latency = latencies.emplace_back();
      if (c.latency != gw::duration()) latency.observe(c.latency, now);
      auto const index = candidates.size();
      candidates.push_back({.index = index,
                            .weight = c.weight,
                            .share = c.share,
                            .id = instance_id{index + 1},
                            .address_hash = gw::cluster::hash_of(std::to_string(index)),
                            .load = &load,
                            .latency = &latency});
    }
    gw::cluster::prepare_draws(candidates);
  }
};

scene weighing(std::vector<std::size_t> const& weights) {
  std::vector<one> all;
  for (auto const w : weights) all.push_back({.weight = w});
  return scene(all);
}

/// Picks `times` times, adds a channel to what was picked each time, and counts.
std::vector<int> spread(std::string_view policy, scene among, int times) {
  auto const tested = made(policy);
  std::vector<int> picked(among.candidates.size());
  for (int i = 0; i < times; ++i) {
    auto const at = tested->pick(among.candidates, {}, now);
    among.loads[at].add(0, 1);
    ++picked[at];
  }
  return picked;
}

/// The positions picked one after the other while nothing changes.
std::string sequence(gw::cluster::balancer& policy, std::vector<candidate> const& among, int times) {
  std::string order;
  for (int i = 0; i < times; ++i) order += std::to_string(policy.pick(among, {}, now));
  return order;
}

std::string sequence(gw::cluster::balancer& policy, scene const& among, int times) {
  return sequence(policy, among.candidates, times);
}

bool within(int value, int expected, int tolerance) {
  return std::abs(value - expected) <= tolerance;
}

}  // namespace

TEST_CASE("every policy has a name and a summary, and no other name is known") {
  std::set<std::string_view> names;
  for (auto const& kind : gw::cluster::balancer_kinds()) {
    CHECK(names.insert(kind.name).second);
    CHECK_FALSE(kind.summary.empty());
    CHECK(kind.make(1)->pick(std::vector<candidate>{{.index = 4}}, {}, now) == 0);
  }
  CHECK(gw::config::find_kind(gw::cluster::balancer_kinds(), "nearest") == nullptr);
  CHECK(gw::cluster::balancer_kinds().front().name == "least_loaded");
}

TEST_CASE("the least loaded policy fills up the instance with the fewest channels first") {
  CHECK(spread("least_loaded", scene({{5}, {0}, {5}}), 5) == std::vector<int>{0, 5, 0});
  CHECK(spread("least_loaded", scene({{3}, {0}}), 5) == std::vector<int>{1, 4});
}

TEST_CASE("the least loaded policy shares in proportion to the weights and to the shares of them that count") {
  CHECK(spread("least_loaded", scene({{0, 1}, {0, 3}}), 400) == std::vector<int>{100, 300});
  CHECK(spread("least_loaded", scene({{0, 1}, {0, 1}, {0, 2}}), 400) == std::vector<int>{100, 100, 200});
  CHECK(spread("least_loaded", scene({{0, 1, 250}, {0, 1}}), 500) == std::vector<int>{100, 400});
  CHECK(spread("least_loaded", scene({{0, 4, 500}, {0, 1}}), 300) == std::vector<int>{200, 100});
}

TEST_CASE("equal instances take turns, also while their loads do not change") {
  auto const policy = made("least_loaded");
  CHECK(sequence(*policy, scene({{0}, {0}, {0}}), 6) == "012012");
}

TEST_CASE("round robin takes every instance in turn, whatever its weight and load") {
  auto const policy = made("round_robin");
  CHECK(sequence(*policy, weighing({1, 7, 1}), 7) == "0120120");
  CHECK(spread("round_robin", scene({{900, 1}, {0, 3}}), 400) == std::vector<int>{200, 200});
}

TEST_CASE("round robin gives a smaller share to an instance that starts slowly") {
  CHECK(spread("round_robin", scene({{0, 1, 100}, {0}, {0}}), 210) == std::vector<int>{10, 100, 100});
}

TEST_CASE("weighted round robin spreads the heavy instance evenly between the others") {
  auto const check = [](std::vector<std::size_t> const& weights, std::string const& expected) {
    auto const policy = made("weighted_round_robin");
    CAPTURE(expected);
    CHECK(sequence(*policy, weighing(weights), static_cast<int>(expected.size())) == expected);
  };
  check({5, 1, 1}, "00102000010200");  // the example of nginx
  check({1, 1, 1}, "012012");
  check({4, 3, 2, 1}, "0120130210");
  check({1}, "000");
}

TEST_CASE("round robin goes on where it was when an instance is missing for a while") {
  auto const policy = made("round_robin");
  auto const scene = weighing({1, 1, 1});
  auto const& all = scene.candidates;
  std::vector<candidate> const without_second{all[0], all[2]};
  CHECK(sequence(*policy, all, 3) == "012");
  CHECK(sequence(*policy, without_second, 4) == "0101");
  CHECK(sequence(*policy, all, 3) == "012");
}

TEST_CASE("round robin owes nothing to an instance that took the place of another") {
  auto const policy = made("weighted_round_robin");
  auto scene = weighing({1, 8});
  auto& candidates = scene.candidates;
  CHECK(sequence(*policy, candidates, 4) == "1111");
  candidates[0].id = instance_id{9};
  candidates[1].id = instance_id{10};
  CHECK(sequence(*policy, candidates, 9) == "111101111");
}

TEST_CASE("chance shares in proportion to the weights, and equally for an equal seed") {
  auto const counts = spread("random", weighing({1, 2, 5}), 8'000);
  CAPTURE(counts);
  CHECK(within(counts[0], 1'000, 100));
  CHECK(within(counts[1], 2'000, 130));
  CHECK(within(counts[2], 5'000, 150));
  CHECK(sequence(*made("random", 3), weighing({1, 1, 1}), 30) == sequence(*made("random", 3), weighing({1, 1, 1}), 30));
  CHECK(sequence(*made("random", 3), weighing({1, 1, 1}), 30) != sequence(*made("random", 4), weighing({1, 1, 1}), 30));
}

TEST_CASE("the better of two takes the faster, the emptier and the heavier instance") {
  auto const check = [](one const& better, one const& worse) {
    auto const policy = made("p2c_ewma");
    for (int i = 0; i < 20; ++i) {
      CHECK(policy->pick(scene({better, worse}).candidates, {}, now) == 0);
      CHECK(policy->pick(scene({worse, better}).candidates, {}, now) == 1);
    }
  };
  check({.latency = 1ms}, {.latency = 5ms});
  check({.channels = 3, .latency = 1ms}, {.latency = 5ms});
  check({.latency = 5ms}, {.channels = 5, .latency = 1ms});
  check({.weight = 2, .latency = 1ms}, {.weight = 1, .latency = 1ms});
  check({.latency = 1ms}, {.share = 500, .latency = 1ms});
  check({}, {.channels = 1, .latency = 1ns});  // not known yet: only the load counts
  check({.latency = 9s}, {.channels = 1});
}

TEST_CASE("the better of two never takes the worst of all, and all others now and then") {
  scene const among({{4}, {3}, {2}, {1}, {0}});
  auto const policy = made("p2c_ewma");
  std::vector<int> picked(among.candidates.size());
  for (int i = 0; i < 10'000; ++i) ++picked[policy->pick(among.candidates, {}, now)];
  CAPTURE(picked);
  for (std::size_t i = 0; i < picked.size(); ++i) {
    // Of the 10 pairs, number i wins i.
    CHECK(within(picked[i], static_cast<int>(i) * 1'000, i == 0 ? 0 : 150));
  }
}

TEST_CASE("the better of two fills equal instances evenly") {
  auto const counts = spread("p2c_ewma", weighing({1, 1, 1, 1}), 4'000);
  for (auto const count : counts) CHECK(within(count, 1'000, 5));
}

TEST_CASE(
    "of many instances the least loaded policy takes the better of two, so the fullest is not far from the mean") {
  auto const counts = spread("least_loaded", weighing(std::vector<std::size_t>(100, 1)), 100'000);
  CHECK(*std::max_element(counts.begin(), counts.end()) <= 1'005);
  CHECK(*std::min_element(counts.begin(), counts.end()) >= 985);
  std::vector<std::size_t> weights(100, 1);
  for (std::size_t i = 0; i < 10; ++i) weights[i] = 1 + i * 10;
  auto const by_weight = spread("least_loaded", weighing(weights), 55'000);
  for (std::size_t i = 0; i < weights.size(); ++i) {
    auto const part = static_cast<int>(100 * weights[i]);
    CHECK(within(by_weight[i], part, part / 20 + 5));
  }
}

TEST_CASE("of many instances the least loaded policy draws by weight, and prefers the lighter burden") {
  std::vector<one> all(17, {.channels = 1});
  all[3] = {.channels = 7, .weight = 4};  // the same burden as all others, one in five draws
  all[5].channels = 0;
  all[9].channels = 2;
  scene const among(all);
  auto const policy = made("least_loaded");
  std::vector<int> picked(17);
  for (int i = 0; i < 20'000; ++i) ++picked[policy->pick(among.candidates, {}, now)];
  CAPTURE(picked);
  CHECK(within(picked[0], 1'000, 150));
  CHECK(within(picked[3], 4'000, 300));
  CHECK(within(picked[5], 1'950, 200));  // drawn at all: 1 - (19/20)^2 of the times
  CHECK(within(picked[9], 50, 40));      // drawn twice
}

TEST_CASE("consistent hashing without a key looks at the loads") {
  CHECK(spread("consistent_hash", scene({{3}, {0}}), 5) == spread("least_loaded", scene({{3}, {0}}), 5));
}

TEST_CASE("a key stays at its instance as long as that has no more than 1.25 times the mean") {
  auto const policy = made("consistent_hash");
  for (std::uint64_t key = 0; key < 50; ++key) {
    scene among({{100}, {100}, {100}});
    auto const at = policy->pick(among.candidates, key, now);
    among.loads[at].add(0, 37);  // 137 of 337: 1.25 x 338 / 3 = 140.8
    CHECK(policy->pick(among.candidates, key, now) == at);
    among.loads[at].add(0, 6);  // 143 of 343: 143.3
    CHECK(policy->pick(among.candidates, key, now) == at);
    among.loads[at].add(0, 1);  // 144 of 344: 143.8
    auto const next = policy->pick(among.candidates, key, now);
    CHECK(next != at);
    std::vector<candidate> others;
    for (auto const& c : among.candidates) {
      if (c.index != at) others.push_back(c);
    }
    CHECK(others[gw::cluster::rendezvous(others, key)].index == next);
  }
}

TEST_CASE("an instance with few channels is never passed by, however empty the others are") {
  auto const policy = made("consistent_hash");
  for (std::uint64_t key = 0; key < 20; ++key) {
    scene among({{0}, {0}, {0}});
    auto const at = policy->pick(among.candidates, key, now);
    among.loads[at].add(0, 15);
    CHECK(policy->pick(among.candidates, key, now) == at);
    among.loads[at].add(0, 1);
    CHECK(policy->pick(among.candidates, key, now) != at);
  }
}

TEST_CASE("however unlike the keys are in weight, no instance gets more than 1.25 times its part") {
  for (auto const& weights : {std::vector<std::size_t>(10, 1), std::vector<std::size_t>{1, 2, 3, 4, 5}}) {
    auto among = weighing(weights);
    auto const policy = made("consistent_hash");
    std::size_t strength = 0;
    for (auto const w : weights) strength += w;
    for (int i = 0; i < 10'000; ++i) {
      // Half of all channels are of one key, a quarter of another, and so on.
      auto const key =
          gw::cluster::mixed(static_cast<std::uint64_t>(std::countr_zero(static_cast<unsigned>(i) + 1)) + 1);
      among.loads[policy->pick(among.candidates, key, now)].add(0, 1);
    }
    for (std::size_t i = 0; i < weights.size(); ++i) {
      CHECK(static_cast<std::size_t>(among.loads[i].total()) <= 12'500 * weights[i] / strength + 1);
    }
  }
}

TEST_CASE("one more instance among ten moves no more than 15 percent of 10,000 keys, loads and all") {
  auto const owners = [](std::size_t instances) {
    auto among = weighing(std::vector<std::size_t>(instances, 1));
    auto const policy = made("consistent_hash");
    std::vector<std::size_t> all;
    for (std::uint64_t key = 1; key <= 10'000; ++key) {
      all.push_back(policy->pick(among.candidates, gw::cluster::mixed(key), now));
      among.loads[all.back()].add(0, 1);
    }
    return all;
  };
  auto const before = owners(10);
  auto const after = owners(11);
  int moved = 0;
  for (std::size_t k = 0; k < before.size(); ++k) moved += before[k] == after[k] ? 0 : 1;
  CAPTURE(moved);
  CHECK(moved >= 800);  // the share of the new one
  CHECK(moved <= 1'500);
}
