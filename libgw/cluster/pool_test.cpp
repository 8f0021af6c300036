#include "cluster/pool.hpp"

#include "cluster/pool_scene_test.hpp"

#include <set>
#include <string>

using namespace std::chrono_literals;
using namespace gw::cluster;

namespace {

/// When every hold is over: each instance is dialled, then all fail.
void try_and_refuse_all(pool_scene& s) {
  s.now += 2 * reputation::longest_hold;
  for (std::size_t i = 0; i < s.tested.instances().size(); ++i) {
    CHECK(s.tested.may_dial(s.id(i), s.now));
  }
  for (std::size_t i = 0; i < s.tested.instances().size(); ++i) s.refuse(i);
}

}  // namespace

TEST_CASE("healthy instances are chosen by the policy, and excluded ones are not") {
  pool_scene s(hosts(3));
  CHECK(s.available() == 3);
  std::set const chosen{s.choose(), s.choose(), s.choose()};
  CHECK(chosen.size() == 3);
  for (int i = 0; i < 6; ++i) CHECK(s.choose({s.id(0), s.id(2)}) == 1);
  CHECK_FALSE(s.choose({s.id(0), s.id(1), s.id(2)}).has_value());
}

TEST_CASE("the load of all workers counts") {
  pool_scene s(hosts(2));
  s.load(0).add(0, 3);
  for (int i = 0; i < 4; ++i) CHECK(s.choose() == 1);
}

TEST_CASE("an instance that refused is held back while another is there") {
  pool_scene s(hosts(2));
  s.refuse(0);
  for (int i = 0; i < 5; ++i) CHECK(s.choose() == 1);
  s.now += 999ms;
  CHECK(s.available() == 1);
  s.now += 251ms;
  CHECK(s.available() == 2);
}

TEST_CASE("behind its hold a failing instance is tried once a second until it succeeds") {
  pool_scene s(hosts(2));
  s.load(1).add(0, 100);  // the policy would always take the other
  s.refuse(0);
  CHECK(s.choose() == 1);
  s.now += 1250ms;
  CHECK(s.choose() == 0);
  CHECK(s.choose() == 1);
  s.now += 1s;
  CHECK(s.choose() == 0);
  s.succeed(0);
  CHECK(s.choose() == 0);
  CHECK(s.choose() == 0);
}

TEST_CASE("whoever finds nobody but an instance that is being probed does well to wait, though not for long") {
  pool_scene s(hosts(1));
  CHECK(s.choose() == 0);
  CHECK(s.tested.worth_waiting({}, s.now) == 0ms);  // an ordinary try
  s.refuse(0);
  CHECK(s.tested.worth_waiting({}, s.now) == 0ms);
  s.now += 1250ms;
  CHECK(s.choose() == 0);
  CHECK_FALSE(s.choose());
  CHECK(s.tested.worth_waiting({}, s.now) == 1s);
  auto const only = s.id(0);
  CHECK(s.tested.worth_waiting({.only = only}, s.now) == 1s);
  CHECK(s.tested.worth_waiting({.excluded = {&only, 1}}, s.now) == 0ms);
  CHECK(s.tested.worth_waiting({}, s.now + 999ms) == 1ms);
  CHECK(s.tested.worth_waiting({}, s.now + 1s) == 0ms);
  s.now += 1ms;
  s.refuse(0);
  CHECK(s.tested.worth_waiting({}, s.now) == 0ms);
}

TEST_CASE("a probe behind an ejection that is refused is over, and nobody waits for it") {
  pool_scene s(hosts(2), {.eject_failures = 1});
  CHECK(s.report(0));
  s.refuse(1);
  s.now += 31s;
  while (s.choose()) {
  }
  CHECK(s.tested.worth_waiting({}, s.now) == 1s);
  s.now += 1ms;
  s.refuse(0);
  s.refuse(1);
  CHECK(s.tested.worth_waiting({}, s.now) == 0ms);
}

TEST_CASE("every further failure doubles the hold, up to its limit, and a success ends it") {
  pool_scene s(hosts(2));
  auto const held = [&s] {
    auto const from = s.now;
    while (s.available() < 2) s.now += 10ms;
    return s.now - from;
  };
  for (std::chrono::milliseconds const expected : {1s, 2s, 4s, 8s, 16s, 30s, 30s}) {
    CHECK(s.choose({s.id(1)}) == 0);
    s.refuse(0);
    auto const hold = held();
    CAPTURE(expected.count());
    CHECK(hold >= expected);
    CHECK(hold <= expected * 5 / 4 + 10ms);
  }
  s.succeed(0);
  s.refuse(0);
  CHECK(held() <= 1260ms);
}

TEST_CASE("dials that were under way together when an instance died count as one failure") {
  pool_scene s(hosts(2));
  for (int i = 0; i < 100; ++i) s.refuse(0);
  s.now += 1250ms;
  CHECK(s.available() == 2);
  // The same after a trial.
  CHECK(s.choose({s.id(1)}) == 0);
  for (int i = 0; i < 100; ++i) s.refuse(0);
  s.now += 2500ms;
  CHECK(s.available() == 2);
}

TEST_CASE("when all instances refused there is nothing to choose but one probe a second, each time of another") {
  pool_scene s(hosts(2));
  CHECK(s.choose().has_value());
  s.refuse(0);
  s.refuse(1);
  // Longer holds, so that only probes can be chosen.
  for (int i = 0; i < 5; ++i) try_and_refuse_all(s);
  CHECK_FALSE(s.choose().has_value());
  s.now += 999ms;
  CHECK_FALSE(s.choose().has_value());
  s.now += 1ms;
  auto const first = s.choose();
  REQUIRE(first.has_value());
  CHECK_FALSE(s.choose().has_value());
  s.refuse(*first);
  s.now += 1s;
  auto const second = s.choose();
  REQUIRE(second.has_value());
  CHECK(second != first);
  s.succeed(*second);
  for (int i = 0; i < 3; ++i) CHECK(s.choose() == second);
}

TEST_CASE("a probe is not given to a dial that has tried the instance already") {
  pool_scene s(hosts(1));
  for (int i = 0; i < 6; ++i) try_and_refuse_all(s);
  s.now += 1s;
  CHECK_FALSE(s.choose({s.id(0)}).has_value());
  CHECK(s.choose() == 0);
}

TEST_CASE("a new snapshot keeps what is known of the instances that stay") {
  pool_scene s(hosts(2));
  auto const kept = s.id(1);
  auto const left = s.id(0);
  s.refuse(0);
  s.refuse(1);
  s.becomes(hosts(2, 2));  // 10.0.0.2 and 10.0.0.3
  CHECK(s.id(0) == kept);
  CHECK(s.available() == 1);
  CHECK(s.choose() == 1);
  s.tested.failed(left, s.now);
  s.tested.succeeded(left, s.now);
  CHECK(s.available() == 1);
}

TEST_CASE("a service without instances has nothing to choose") {
  pool_scene s(hosts(0));
  CHECK_FALSE(s.choose().has_value());
  CHECK(s.available() == 0);
}

TEST_CASE("an instance is found by its id as long as it is in the snapshot") {
  pool_scene s(hosts(2));
  auto const left = s.id(0);
  REQUIRE(s.tested.find(s.id(1)) != nullptr);
  CHECK(s.tested.find(s.id(1))->ip == "10.0.0.2");
  s.becomes(hosts(1, 2));
  CHECK(s.tested.find(left) == nullptr);
  CHECK(s.tested.find(s.id(0))->ip == "10.0.0.2");
  CHECK(s.tested.state_of(left, s.now).is == standing::kind::available);
}

TEST_CASE("how an instance stands is told with the reason and until when") {
  pool_scene s(hosts(2));
  CHECK(s.state(0).is == standing::kind::available);
  CHECK(s.state(0).reason.empty());
  s.refuse(0);
  CHECK(s.state(0).is == standing::kind::held);
  CHECK(s.state(0).reason == "unreachable");
  auto const until = s.state(0).until;
  CHECK(until >= s.now + 1s);
  CHECK(until <= s.now + 1250ms);
  s.now = until;
  CHECK(s.state(0).is == standing::kind::available);
  CHECK(s.state(0).reason == "unreachable");
  s.succeed(0);
  CHECK(s.state(0).reason.empty());
}
