#include "cluster/pool.hpp"

#include "cluster/pool_scene_test.hpp"

using namespace std::chrono_literals;
using namespace gw::cluster;

TEST_CASE("a draining instance gets no new channels, whatever the policy, and is told as draining") {
  for (auto const& policy : balancer_kinds()) {
    CAPTURE(std::string(policy.name));
    pool_scene s({at_host(1), draining(at_host(2))}, {.policy = std::string(policy.name)});
    CHECK(s.available() == 1);
    for (std::uint64_t key = 0; key < 20; ++key) {
      CHECK(s.tested.choose({.key = mixed(key)}, s.now) == 0);
      CHECK(s.tested.for_key(mixed(key), s.now) == s.id(0));
    }
    CHECK(s.state(1).is == standing::kind::draining);
  }
}

TEST_CASE("a draining instance is not dialled even if all are draining or a rule names it") {
  pool_scene s({draining(at_host(1)), draining(at_host(2))});
  CHECK(s.available() == 0);
  for (int i = 0; i < 3; ++i, s.now += 2s) {
    CHECK_FALSE(s.choose().has_value());
    CHECK_FALSE(s.tested.may_dial(s.id(0), s.now));
    CHECK(s.tested.worth_waiting({}, s.now) == 0ms);
  }
  CHECK(s.tested.named("10.0.0.1:1") == s.id(0));  // its open channels are found
}

TEST_CASE("an instance may begin to drain and come back, and what is known of it stays") {
  pool_scene s(hosts(2));
  s.load(1).add(0, 3);
  auto const id = s.id(1);
  s.becomes({at_host(1), draining(at_host(2))});
  CHECK(s.id(1) == id);
  CHECK(s.choose({s.id(0)}) == std::nullopt);
  s.becomes(hosts(2));
  CHECK(s.id(1) == id);
  CHECK(s.load(1).total() == 3);
  CHECK(s.choose({s.id(0)}) == 1);
}

TEST_CASE("draining instances do not count when it is decided how many may be ejected") {
  pool_scene s({at_host(1), at_host(2), draining(at_host(3)), draining(at_host(4))}, {.eject_failures = 1});
  CHECK(s.report(0));
  CHECK_FALSE(s.report(1));
}
