#include "cluster/pool_scene_test.hpp"

#include "testing/catch.hpp"

#include <array>

using namespace std::chrono_literals;
using namespace gw::cluster;

namespace {

gw::config::balancer three_in_a_row(std::size_t max_percent = 50) {
  return {.eject_failures = 3, .eject_for = 30s, .eject_max_percent = max_percent};
}

/// Reports until the instance is ejected; how many faults that took, at most 20.
int faults_to_eject(pool_scene& s, std::size_t index, trouble what) {
  for (int n = 1; n <= 20; ++n) {
    if (s.report(index, what)) return n;
  }
  return 0;
}

/// The instance is dialled, and answers the handshake with an error.
bool probe_fails(pool_scene& s, std::size_t index) {
  REQUIRE(s.tested.may_dial(s.id(index), s.now));
  return s.report(index);
}

}  // namespace

TEST_CASE("an instance is ejected after as many faults in a row as configured, of any kind but being unreachable") {
  for (auto const what : {trouble::no_answer, trouble::server_error, trouble::bad_handshake, trouble::heartbeat_lost,
                          trouble::broken_early}) {
    CAPTURE(text_of(what));
    pool_scene s(hosts(2), three_in_a_row());
    CHECK(faults_to_eject(s, 0, what) == 3);
    CHECK(s.state(0).is == standing::kind::ejected);
    CHECK(s.state(0).reason == text_of(what));
    CHECK(s.state(0).until == s.now + 30s);
    CHECK(s.available() == 1);
    for (int i = 0; i < 4; ++i) CHECK(s.choose() == 1);
  }
  pool_scene s(hosts(2), three_in_a_row());
  CHECK(faults_to_eject(s, 0, trouble::unreachable) == 0);
}

TEST_CASE("an instance that does not answer is held at once, other faults hold nothing before the ejection") {
  pool_scene s(hosts(2), three_in_a_row());
  s.report(0, trouble::no_answer);
  CHECK(s.state(0).is == standing::kind::held);
  s.report(1, trouble::server_error);
  s.report(1, trouble::heartbeat_lost);
  CHECK(s.state(1).is == standing::kind::available);
  CHECK(s.available() == 1);
}

TEST_CASE("a good handshake ends the row of bad ones") {
  pool_scene s(hosts(2), three_in_a_row());
  for (int i = 0; i < 10; ++i) {
    CHECK_FALSE(s.report(0));
    CHECK_FALSE(s.report(0));
    s.succeed(0);
  }
  CHECK(s.state(0).reason.empty());
}

TEST_CASE("channels that break right behind good handshakes are a row that only a channel that lives ends") {
  pool_scene s(hosts(2), three_in_a_row());
  auto const opens_and_breaks = [&s] {
    s.succeed(0);
    return s.report(0, trouble::broken_early);
  };
  CHECK_FALSE(opens_and_breaks());
  CHECK_FALSE(opens_and_breaks());
  s.tested.proved(s.id(0));
  CHECK(s.state(0).reason.empty());
  CHECK_FALSE(opens_and_breaks());
  CHECK_FALSE(opens_and_breaks());
  CHECK(opens_and_breaks());
}

TEST_CASE("no more instances are ejected than the percentage allows, and a single one never") {
  struct row {
    std::size_t instances, percent, ejected;
  };
  for (auto const& r : std::to_array<row>({{1, 50, 0},
                                           {1, 100, 0},
                                           {2, 50, 1},
                                           {2, 49, 0},
                                           {2, 100, 2},
                                           {3, 50, 1},
                                           {4, 50, 2},
                                           {5, 50, 2},
                                           {10, 10, 1},
                                           {10, 35, 3},
                                           {10, 0, 0}})) {
    CAPTURE(r.instances, r.percent);
    pool_scene s(hosts(r.instances), three_in_a_row(r.percent));
    std::size_t ejected = 0;
    for (std::size_t i = 0; i < r.instances; ++i) ejected += faults_to_eject(s, i, trouble::server_error) > 0 ? 1 : 0;
    CHECK(ejected == r.ejected);
    CHECK(s.available() == r.instances - r.ejected);
  }
}

TEST_CASE("the cap does not keep instances that cannot be reached from being held") {
  pool_scene s(hosts(2), three_in_a_row());
  s.refuse(0);
  s.refuse(1);
  CHECK(s.available() == 0);
}

TEST_CASE("an instance that the cap has saved is ejected with its next fault as soon as there is room") {
  pool_scene s(hosts(2), three_in_a_row());
  CHECK(faults_to_eject(s, 0, trouble::server_error) == 3);
  CHECK(faults_to_eject(s, 1, trouble::server_error) == 0);
  s.now += 30s;
  REQUIRE(s.tested.may_dial(s.id(0), s.now));
  s.succeed(0);
  CHECK(faults_to_eject(s, 1, trouble::server_error) == 1);
}

TEST_CASE("without a number of failures nothing is ejected") {
  pool_scene s(hosts(2), {.eject_failures = 0});
  CHECK(faults_to_eject(s, 0, trouble::server_error) == 0);
  CHECK(s.available() == 2);
}

TEST_CASE("behind its ejection an instance is probed once a second, and the first success readmits it") {
  pool_scene s(hosts(2), three_in_a_row());
  s.load(1).add(0, 100);  // the policy would always take the other
  faults_to_eject(s, 0, trouble::server_error);
  s.now += 30s - 1ms;
  CHECK(s.choose() == 1);
  s.now += 1ms;
  CHECK(s.choose() == 0);
  CHECK(s.choose() == 1);
  CHECK(s.state(0).is == standing::kind::held);
  s.now += 1s;
  CHECK(s.choose() == 0);
  CHECK(s.choose() == 1);
  s.succeed(0);
  CHECK(s.choose() == 0);
  CHECK(s.choose() == 0);
  CHECK(faults_to_eject(s, 0, trouble::server_error) == 3);
  CHECK(s.state(0).until == s.now + 30s);
}

TEST_CASE("each failed probe ejects for longer, up to ten times as long") {
  pool_scene s(hosts(2), three_in_a_row());
  faults_to_eject(s, 0, trouble::server_error);
  for (int const times : {2, 3, 4, 5, 6, 7, 8, 9, 10, 10, 10}) {
    s.now = s.state(0).until;
    CHECK(probe_fails(s, 0));
    CHECK(s.state(0).until == s.now + 30s * times);
  }
  s.now = s.state(0).until;
  REQUIRE(s.tested.may_dial(s.id(0), s.now));
  s.succeed(0);
  faults_to_eject(s, 0, trouble::server_error);
  CHECK(s.state(0).until == s.now + 30s);
}

TEST_CASE("an instance whose channels break is readmitted by a handshake, but on trial until a channel has lived") {
  pool_scene s(hosts(2), three_in_a_row());
  auto const comes_back = [&s] {
    s.now = s.state(0).until;
    REQUIRE(s.tested.may_dial(s.id(0), s.now));
    s.succeed(0);
    CHECK(s.state(0).is == standing::kind::available);
  };
  faults_to_eject(s, 0, trouble::broken_early);
  comes_back();
  CHECK(s.report(0, trouble::broken_early));
  CHECK(s.state(0).until == s.now + 60s);
  comes_back();
  s.tested.proved(s.id(0));
  CHECK(faults_to_eject(s, 0, trouble::broken_early) == 3);
  CHECK(s.state(0).until == s.now + 30s);
}

TEST_CASE("a channel that lives does not excuse handshakes that fail") {
  pool_scene s(hosts(2), three_in_a_row());
  s.report(0);
  s.report(0);
  s.tested.proved(s.id(0));
  CHECK(s.state(0).reason == text_of(trouble::server_error));
  CHECK(s.report(0));
  s.tested.proved(s.id(0));
  s.now = s.state(0).until;
  CHECK(probe_fails(s, 0));
  CHECK(s.state(0).until == s.now + 60s);
}

TEST_CASE("what was under way when an instance was ejected neither lengthens the ejection nor ends it") {
  pool_scene s(hosts(2), three_in_a_row());
  faults_to_eject(s, 0, trouble::heartbeat_lost);
  auto const until = s.state(0).until;
  s.now += 1s;
  for (int i = 0; i < 50; ++i) CHECK_FALSE(s.report(0, trouble::heartbeat_lost));
  s.succeed(0);
  s.tested.proved(s.id(0));
  CHECK(s.state(0).is == standing::kind::ejected);
  CHECK(s.state(0).until == until);
}

TEST_CASE(
    "when all instances are ejected they are probed in turn, one a second, and a success ends an ejection early") {
  pool_scene s(hosts(2), three_in_a_row(100));
  faults_to_eject(s, 0, trouble::server_error);
  faults_to_eject(s, 1, trouble::server_error);
  auto const first = s.choose();
  REQUIRE(first.has_value());
  CHECK_FALSE(s.choose().has_value());
  s.now += 1s;
  auto const second = s.choose();
  REQUIRE(second.has_value());
  CHECK(second != first);
  s.succeed(*second);
  CHECK(s.state(*second).is == standing::kind::available);
  CHECK(s.state(*first).is == standing::kind::ejected);
  CHECK(s.choose() == second);
}

TEST_CASE("a new snapshot keeps ejections") {
  pool_scene s(hosts(2), three_in_a_row());
  faults_to_eject(s, 1, trouble::server_error);
  s.becomes(hosts(3, 2));
  CHECK(s.state(0).is == standing::kind::ejected);
  CHECK(s.available() == 2);
}
