#include "cluster/balancer.hpp"

#include "testing/catch.hpp"

#include <string>
#include <vector>

namespace {

using gw::cluster::candidate;

std::unique_ptr<gw::cluster::balancer> made(std::string_view name) {
  auto const* const kind = gw::config::find_kind(gw::cluster::balancer_kinds(), name);
  REQUIRE(kind != nullptr);
  return kind->make();
}

/// Picks `times` times, adds a channel to what was picked each time, and counts.
std::vector<int> spread(std::vector<candidate> candidates, int times) {
  auto const policy = made("least_loaded");
  std::vector<int> picked(candidates.size());
  for (int i = 0; i < times; ++i) {
    auto const at = policy->pick(candidates, 0);
    ++candidates[at].load;
    ++picked[at];
  }
  return picked;
}

}  // namespace

TEST_CASE("the least loaded policy fills up the instance with the fewest channels first") {
  CHECK(spread({{0, 5}, {1, 0}, {2, 5}}, 5) == std::vector<int>{0, 5, 0});
  CHECK(spread({{0, 3}, {1, 0}}, 5) == std::vector<int>{1, 4});
}

TEST_CASE("the least loaded policy shares in proportion to the weights") {
  CHECK(spread({{0, 0, 1}, {1, 0, 3}}, 400) == std::vector<int>{100, 300});
  CHECK(spread({{0, 0, 1}, {1, 0, 1}, {2, 0, 2}}, 400) == std::vector<int>{100, 100, 200});
}

TEST_CASE("equal instances take turns, also while their loads do not change") {
  auto const policy = made("least_loaded");
  std::vector<candidate> const equal{{0}, {1}, {2}};
  std::string order;
  for (int i = 0; i < 6; ++i) order += std::to_string(policy->pick(equal, 0));
  CHECK(order == "012012");
  CHECK(policy->pick(std::vector<candidate>{{0}}, 0) == 0);
}

TEST_CASE("every policy has a name and a summary, and no other name is known") {
  for (auto const& kind : gw::cluster::balancer_kinds()) {
    CHECK_FALSE(kind.name.empty());
    CHECK_FALSE(kind.summary.empty());
    CHECK(kind.make() != nullptr);
  }
  CHECK(gw::config::find_kind(gw::cluster::balancer_kinds(), "nearest") == nullptr);
}
