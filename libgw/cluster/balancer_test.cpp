#include "cluster/balancer.hpp"

#include "cluster/hash.hpp"

#include "testing/catch.hpp"

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

/// Candidates without load, of these weights.
std::vector<candidate> weighing(std::vector<std::size_t> const& weights) {
  std::vector<candidate> all;
  for (auto const w : weights) {
    auto const hash = gw::cluster::hash_of(std::to_string(all.size()));
    all.push_back({.index = all.size(), .weight = w, .id = instance_id{all.size() + 1}, .address_hash = hash});
  }
  return all;
}

/// Picks `times` times, adds a channel to what was picked each time, and counts.
std::vector<int> spread(std::string_view policy, std::vector<candidate> candidates, int times) {
  auto const tested = made(policy);
  std::vector<int> picked(candidates.size());
  for (int i = 0; i < times; ++i) {
    auto const at = tested->pick(candidates, {}, now);
    ++candidates[at].load;
    ++picked[at];
  }
  return picked;
}

/// The positions picked one after the other while nothing changes.
std::string sequence(gw::cluster::balancer& policy, std::vector<candidate> const& candidates, int times) {
  std::string order;
  for (int i = 0; i < times; ++i) order += std::to_string(policy.pick(candidates, {}, now));
  return order;
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
  CHECK(spread("least_loaded", {{0, 5}, {1, 0}, {2, 5}}, 5) == std::vector<int>{0, 5, 0});
  CHECK(spread("least_loaded", {{0, 3}, {1, 0}}, 5) == std::vector<int>{1, 4});
}

TEST_CASE("the least loaded policy shares in proportion to the weights and to the shares of them that count") {
  CHECK(spread("least_loaded", {{0, 0, 1}, {1, 0, 3}}, 400) == std::vector<int>{100, 300});
  CHECK(spread("least_loaded", {{0, 0, 1}, {1, 0, 1}, {2, 0, 2}}, 400) == std::vector<int>{100, 100, 200});
  CHECK(spread("least_loaded", {{0, 0, 1, 250}, {1, 0, 1}}, 500) == std::vector<int>{100, 400});
  CHECK(spread("least_loaded", {{0, 0, 4, 500}, {1, 0, 1}}, 300) == std::vector<int>{200, 100});
}

TEST_CASE("equal instances take turns, also while their loads do not change") {
  auto const policy = made("least_loaded");
  CHECK(sequence(*policy, {{0}, {1}, {2}}, 6) == "012012");
}

TEST_CASE("round robin takes every instance in turn, whatever its weight and load") {
  auto const policy = made("round_robin");
  CHECK(sequence(*policy, weighing({1, 7, 1}), 7) == "0120120");
  CHECK(spread("round_robin", {{0, 900, 1}, {1, 0, 3}}, 400) == std::vector<int>{200, 200});
}

TEST_CASE("round robin gives a smaller share to an instance that starts slowly") {
  CHECK(spread("round_robin", {{0, 0, 1, 100}, {1}, {2}}, 210) == std::vector<int>{10, 100, 100});
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
  auto const all = weighing({1, 1, 1});
  std::vector<candidate> const without_second{all[0], all[2]};
  CHECK(sequence(*policy, all, 3) == "012");
  CHECK(sequence(*policy, without_second, 4) == "0101");
  CHECK(sequence(*policy, all, 3) == "012");
}

TEST_CASE("round robin owes nothing to an instance that took the place of another") {
  auto const policy = made("weighted_round_robin");
  auto candidates = weighing({1, 8});
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
  auto const check = [](candidate const& better, candidate const& worse) {
    auto const policy = made("p2c_ewma");
    for (int i = 0; i < 20; ++i) {
      CHECK(policy->pick(std::vector{better, worse}, {}, now) == 0);
      CHECK(policy->pick(std::vector{worse, better}, {}, now) == 1);
    }
  };
  auto const taking = [](gw::duration latency, candidate c) {
    c.latency.observe(latency, now);
    return c;
  };
  check(taking(1ms, {0, 0}), taking(5ms, {1, 0}));
  check(taking(1ms, {0, 3}), taking(5ms, {1, 0}));
  check(taking(5ms, {1, 0}), taking(1ms, {0, 5}));
  check(taking(1ms, {0, 0, 2}), taking(1ms, {1, 0, 1}));
  check(taking(1ms, {0, 0, 1}), taking(1ms, {1, 0, 1, 500}));
  check({0, 0}, taking(1ns, {1, 1}));  // not known yet: only the load counts
  check(taking(9s, {0, 0}), {1, 1});
}

TEST_CASE("the better of two never takes the worst of all, and all others now and then") {
  std::vector<candidate> const candidates{{0, 4}, {1, 3}, {2, 2}, {3, 1}, {4, 0}};
  auto const policy = made("p2c_ewma");
  std::vector<int> picked(candidates.size());
  for (int i = 0; i < 10'000; ++i) ++picked[policy->pick(candidates, {}, now)];
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

TEST_CASE("consistent hashing looks at the key only, and without a key at the loads") {
  auto const policy = made("consistent_hash");
  auto candidates = weighing({1, 1, 1});
  for (std::uint64_t key = 0; key < 50; ++key) {
    candidates[0].load = candidates[1].load = 0;
    auto const at = policy->pick(candidates, key, now);
    candidates[at].load = 1'000;
    CHECK(policy->pick(candidates, key, now) == at);
    candidates[at].load = 0;
  }
  CHECK(spread("consistent_hash", {{0, 3}, {1, 0}}, 5) == spread("least_loaded", {{0, 3}, {1, 0}}, 5));
}
