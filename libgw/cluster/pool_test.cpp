#include "cluster/pool.hpp"

#include "testing/catch.hpp"

#include <set>
#include <string>

using namespace std::chrono_literals;

namespace {

using gw::cluster::instance_id;
using gw::cluster::pool;
using gw::cluster::registry;

constexpr pool::time_point start = pool::time_point() + 1h;

std::shared_ptr<registry const> made(unsigned instances, registry const* before = nullptr, unsigned first = 1) {
  gw::config::service s{.name = "a"};
  for (unsigned i = first; i < first + instances; ++i) {
    s.instances.push_back({.host = "10.0.0." + std::to_string(i), .port = 1});
  }
  return registry::make(
      std::span(&s, 1), [](std::string_view) { return std::vector<std::string>(); }, 1, before);
}

/// A pool of some instances under a clock that the test drives.
struct scene {
  std::shared_ptr<registry const> snapshot;
  pool tested{gw::cluster::balancer_kinds().front().make(), 1};
  pool::time_point now = start;

  explicit scene(unsigned instances) : snapshot(made(instances)) { tested.update(snapshot, 0); }

  instance_id id(std::size_t index) const { return tested.instances()[index].id; }
  std::optional<std::size_t> choose(std::vector<instance_id> const& excluded = {}) {
    return tested.choose(excluded, 0, now);
  }
  void refuse(std::size_t index) { tested.failed(id(index), now); }
  /// When every hold is over: each is dialled, then all fail.
  void try_and_refuse_all() {
    now += 2 * pool::longest_hold;
    std::vector<instance_id> tried;
    while (auto const chosen = choose(tried)) tried.push_back(id(*chosen));
    CHECK(tried.size() == tested.instances().size());
    for (auto const i : tried) tested.failed(i, now);
  }
};

}  // namespace

TEST_CASE("healthy instances are chosen by the policy, and excluded ones are not") {
  scene s(3);
  CHECK(s.tested.available(s.now) == 3);
  std::set const chosen{s.choose(), s.choose(), s.choose()};
  CHECK(chosen.size() == 3);
  for (int i = 0; i < 6; ++i) CHECK(s.choose({s.id(0), s.id(2)}) == 1);
  CHECK_FALSE(s.choose({s.id(0), s.id(1), s.id(2)}).has_value());
}

TEST_CASE("the load of all workers counts") {
  scene s(2);
  s.tested.instances()[0].load->add(0, 3);
  for (int i = 0; i < 4; ++i) CHECK(s.choose() == 1);
}

TEST_CASE("an instance that refused is held back while another is there") {
  scene s(2);
  s.refuse(0);
  for (int i = 0; i < 5; ++i) CHECK(s.choose() == 1);
  s.now += 999ms;
  CHECK(s.tested.available(s.now) == 1);
  s.now += 251ms;
  CHECK(s.tested.available(s.now) == 2);
}

TEST_CASE("behind its hold a failing instance is tried once a second until it succeeds") {
  scene s(2);
  s.tested.instances()[1].load->add(0, 100);  // the policy would always take the other
  s.refuse(0);
  CHECK(s.choose() == 1);
  s.now += 1250ms;
  CHECK(s.choose() == 0);
  CHECK(s.choose() == 1);
  s.now += 1s;
  CHECK(s.choose() == 0);
  s.tested.succeeded(s.id(0));
  CHECK(s.choose() == 0);
  CHECK(s.choose() == 0);
}

TEST_CASE("every further failure doubles the hold, up to its limit, and a success ends it") {
  scene s(2);
  auto const held = [&s] {
    auto const from = s.now;
    while (s.tested.available(s.now) < 2) s.now += 10ms;
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
  s.tested.succeeded(s.id(0));
  s.refuse(0);
  CHECK(held() <= 1260ms);
}

TEST_CASE("dials that were under way together when an instance died count as one failure") {
  scene s(2);
  for (int i = 0; i < 100; ++i) s.refuse(0);
  s.now += 1250ms;
  CHECK(s.tested.available(s.now) == 2);
  // The same after a trial.
  CHECK(s.choose({s.id(1)}) == 0);
  for (int i = 0; i < 100; ++i) s.refuse(0);
  s.now += 2500ms;
  CHECK(s.tested.available(s.now) == 2);
}

TEST_CASE("when all instances refused there is nothing to choose but one probe a second, each time of another") {
  scene s(2);
  CHECK(s.choose().has_value());
  s.refuse(0);
  s.refuse(1);
  // Longer holds, so that only probes can be chosen.
  for (int i = 0; i < 5; ++i) s.try_and_refuse_all();
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
  s.tested.succeeded(s.id(*second));
  for (int i = 0; i < 3; ++i) CHECK(s.choose() == second);
}

TEST_CASE("a probe is not given to a dial that has tried the instance already") {
  scene s(1);
  for (int i = 0; i < 6; ++i) s.try_and_refuse_all();
  s.now += 1s;
  CHECK_FALSE(s.choose({s.id(0)}).has_value());
  CHECK(s.choose() == 0);
}

TEST_CASE("a new snapshot keeps what is known of the instances that stay") {
  scene s(2);
  auto const kept = s.id(1);
  auto const left = s.id(0);
  s.refuse(0);
  s.refuse(1);
  s.tested.update(made(2, s.snapshot.get(), 2), 0);  // 10.0.0.2 and 10.0.0.3
  CHECK(s.id(0) == kept);
  CHECK(s.tested.available(s.now) == 1);
  CHECK(s.choose() == 1);
  s.tested.failed(left, s.now);
  s.tested.succeeded(left);
  CHECK(s.tested.available(s.now) == 1);
}

TEST_CASE("a service without instances has nothing to choose") {
  scene s(0);
  CHECK_FALSE(s.choose().has_value());
  CHECK(s.tested.available(s.now) == 0);
}
