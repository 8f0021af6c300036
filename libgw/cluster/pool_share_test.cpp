#include "cluster/pool_scene_test.hpp"

#include "testing/catch.hpp"

using namespace std::chrono_literals;
using namespace gw::cluster;

namespace {

gw::config::balancer slowly(std::string policy = "least_loaded") {
  return {.policy = std::move(policy), .slow_start = 90s, .eject_failures = 1};
}

}  // namespace

TEST_CASE("the first instances of a service start at once") {
  pool_scene s(hosts(2), slowly());
  CHECK(s.fill(100) == std::vector{50, 50});
  pool_scene later({}, slowly());
  later.becomes(hosts(1));
  later.becomes(hosts(2));
  later.becomes({});
  later.becomes(hosts(2));
  CHECK(later.fill(100) == std::vector{50, 50});
}

TEST_CASE("a new instance gets a tenth of its share at first, and all of it when it has started") {
  struct row {
    std::chrono::seconds after;
    std::vector<int> channels;
  };
  for (auto const& r : {row{0s, {1'000, 100}}, row{10s, {1'000, 200}}, row{40s, {1'000, 500}}, row{80s, {1'000, 900}},
                        row{90s, {1'000, 1'000}}, row{1h, {1'000, 1'000}}}) {
    CAPTURE(r.after.count());
    pool_scene s(hosts(1), slowly());
    s.becomes(hosts(2));
    s.now += r.after;
    CHECK(s.fill(r.channels[0] + r.channels[1]) == r.channels);
  }
}

TEST_CASE("a slow start goes on over further snapshots") {
  pool_scene s(hosts(1), slowly());
  s.becomes(hosts(2));
  s.now += 10s;
  s.becomes(hosts(2));
  CHECK(s.fill(1'200) == std::vector{1'000, 200});
}

TEST_CASE("slow start scales the weight") {
  pool_scene s(hosts(1), slowly());
  s.becomes({at_host(1), at_host(2, {}, 5)});
  CHECK(s.fill(1'500) == std::vector{1'000, 500});
}

TEST_CASE("round robin starts instances slowly too") {
  for (auto const* const policy : {"round_robin", "weighted_round_robin"}) {
    pool_scene s(hosts(1), slowly(policy));
    s.becomes(hosts(2));
    CHECK(s.fill(110) == std::vector{100, 10});
  }
}

TEST_CASE("an instance that comes back from an ejection starts slowly, one that was only held does not") {
  pool_scene s(hosts(2), slowly());
  REQUIRE(s.report(1));
  s.now += 30s;
  REQUIRE(s.tested.may_dial(s.id(1), s.now));
  s.succeed(1);
  CHECK(s.fill(1'100) == std::vector{1'000, 100});
  pool_scene held(hosts(2), slowly());
  held.refuse(1);
  held.succeed(1);
  CHECK(held.fill(100) == std::vector{50, 50});
}

TEST_CASE("without a slow start new instances get their share at once") {
  pool_scene s(hosts(1));
  s.becomes(hosts(2));
  CHECK(s.fill(100) == std::vector{50, 50});
}

TEST_CASE("all channels stay in our zone while 70 percent of it may be chosen") {
  std::vector<gw::config::instance> instances{at_host(1, "a"), at_host(2)};
  for (std::size_t i = 3; i <= 12; ++i) instances.push_back(at_host(i, "b"));
  pool_scene s(instances, {}, "b");
  auto const abroad = [&s] {
    auto const chosen = s.fill(1'000);
    return chosen[s.index("10.0.0.1")] + chosen[s.index("10.0.0.2")];
  };
  CHECK(abroad() == 0);
  for (auto const* const ip : {"10.0.0.3", "10.0.0.4", "10.0.0.5"}) s.refuse(s.index(ip));
  CHECK(abroad() == 0);
  s.refuse(s.index("10.0.0.6"));  // 60 % are left: 6 of 7 channels stay
  CHECK(abroad() == 143);
  s.refuse(s.index("10.0.0.7"));
  CHECK(abroad() == 286);
  for (auto const* const ip : {"10.0.0.8", "10.0.0.9", "10.0.0.10", "10.0.0.11"}) s.refuse(s.index(ip));
  CHECK(abroad() == 858);
  s.refuse(s.index("10.0.0.12"));
  CHECK(abroad() == 1'000);
  for (std::size_t i = 3; i <= 9; ++i) s.succeed(s.index("10.0.0." + std::to_string(i)));
  CHECK(abroad() == 0);
}

TEST_CASE("what our zone has lost is counted by weight, and who drains there has left it") {
  pool_scene s({at_host(1), draining(at_host(2, "b", 7)), at_host(3, "b", 7)}, {}, "b");
  CHECK(s.fill(700) == std::vector{200, 0, 500});  // 50 % of 70 %
}

TEST_CASE("where there is nobody else our zone takes all, whatever is left of it") {
  pool_scene s({at_host(1, "b"), at_host(2, "b"), at_host(3, "a")}, {}, "b");
  s.refuse(0);
  s.refuse(2);
  CHECK(s.fill(100) == std::vector{0, 100, 0});
}

TEST_CASE("with consistent hashing a key stays in the zone it was given to") {
  std::vector<gw::config::instance> instances{at_host(1, "a"), at_host(2, "b"), at_host(3, "b")};
  pool_scene s(instances, {.policy = "consistent_hash"}, "b");
  s.refuse(1);
  int abroad = 0;
  for (std::uint64_t key = 1; key <= 1'000; ++key) {
    auto const first = s.tested.choose({.key = mixed(key)}, s.now);
    CHECK(s.tested.choose({.key = mixed(key)}, s.now) == first);
    abroad += first == 0 ? 1 : 0;
  }
  CAPTURE(abroad);
  CHECK(abroad >= 240);
  CHECK(abroad <= 330);  // 286 of 1,000 are meant
}

TEST_CASE("a dial that has tried all instances of our zone goes on to the others") {
  pool_scene s({at_host(1, "a"), at_host(2, "b"), at_host(3, "b")}, {}, "b");
  CHECK(s.choose({s.id(1)}) == 2);
  CHECK(s.choose({s.id(1), s.id(2)}) == 0);
  CHECK_FALSE(s.choose({s.id(0), s.id(1), s.id(2)}).has_value());
}

TEST_CASE("zones have no effect on a gateway without one, nor where no instance is in it") {
  pool_scene homeless({at_host(1, "a"), at_host(2)}, {});
  CHECK(homeless.fill(100) == std::vector{50, 50});
  pool_scene abroad({at_host(1, "a"), at_host(2)}, {}, "c");
  CHECK(abroad.fill(100) == std::vector{50, 50});
}
