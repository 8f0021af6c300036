#include "cluster/pool.hpp"

#include "cluster/pool_scene_test.hpp"

#include <algorithm>
#include <map>
#include <set>
#include <string>

using namespace std::chrono_literals;
using namespace gw::cluster;

namespace {

gw::config::instance of_version(std::size_t last, std::string version) {
  auto one = at_host(last);
  one.metadata = {{"version", std::move(version)}, {"rack", "r" + std::to_string(last)}};
  return one;
}

/// Who is chosen at all.
std::set<std::string> used(pool_scene& s) {
  std::set<std::string> found;
  for (std::size_t i = 0; i < 3 * s.tested.instances().size(); ++i) {
    if (auto const at = s.choose()) found.insert(s.tested.instances()[*at].ip);
  }
  return found;
}

selection subset_of(std::size_t count, std::string_view gateway) {
  return {.subset = count, .gateway = hash_of(gateway)};
}

}  // namespace

TEST_CASE("only instances that have all of the metadata are used, also by rules and keys") {
  std::vector const all{of_version(1, "1"), of_version(2, "2"), of_version(3, "2"), at_host(4)};
  pool_scene s(all, {}, {}, {.only = {{"version", "2"}}});
  CHECK(used(s) == std::set<std::string>{"10.0.0.2", "10.0.0.3"});
  CHECK(s.available() == 2);
  CHECK(s.state(0).is == standing::kind::left_out);
  CHECK_FALSE(s.tested.may_dial(s.id(0), s.now));
  CHECK(s.tested.may_dial(s.id(1), s.now));
  for (std::uint64_t key = 0; key < 50; ++key) {
    auto const owner = s.tested.for_key(mixed(key), s.now);
    CHECK((owner == s.id(1) || owner == s.id(2)));
  }
  pool_scene both(all, {}, {}, {.only = {{"rack", "r3"}, {"version", "2"}}});
  CHECK(used(both) == std::set<std::string>{"10.0.0.3"});
  pool_scene none(all, {}, {}, {.only = {{"version", "3"}}});
  CHECK(used(none).empty());
}

TEST_CASE("a subset has as many instances as configured, the same ones over time and others at other gateways") {
  pool_scene s(hosts(40), {}, {}, subset_of(10, "gw-1"));
  auto const first = used(s);
  CHECK(first.size() == 10);
  CHECK(used(s) == first);
  CHECK(s.available() == 10);
  pool_scene twin(hosts(40), {.policy = "random"}, {}, subset_of(10, "gw-1"));
  twin.becomes(hosts(40));
  for (auto const& ip : used(twin)) CHECK(first.contains(ip));
  pool_scene other(hosts(40), {}, {}, subset_of(10, "gw-2"));
  CHECK(used(other) != first);
  pool_scene small(hosts(3), {}, {}, subset_of(10, "gw-1"));
  CHECK(used(small).size() == 3);
}

TEST_CASE("gateways together use all instances about equally") {
  std::map<std::string, int> uses;
  for (int i = 0; i < 100; ++i) {
    pool_scene s(hosts(20), {}, {}, subset_of(5, "gw-" + std::to_string(i)));
    for (auto const& ip : used(s)) ++uses[ip];
  }
  CHECK(uses.size() == 20);
  for (auto const& [ip, count] : uses) CHECK((count >= 12 && count <= 40));  // 25 of 100 are meant
}

TEST_CASE("a subset is filled up when one of it leaves, drains or is unhealthy, and the others stay") {
  pool_scene s(hosts(40), {}, {}, subset_of(10, "gw-1"));
  auto const first = used(s);
  auto const check_without = [&first](pool_scene& now, std::string const& gone) {
    auto const left = used(now);
    CHECK(left.size() == 10);
    CHECK_FALSE(left.contains(gone));
    CHECK(std::count_if(first.begin(), first.end(), [&](auto const& ip) { return left.contains(ip); }) == 9);
  };
  auto const gone = *first.begin();
  auto instances = hosts(40);
  auto const at = std::find_if(instances.begin(), instances.end(), [&](auto const& i) { return i.host == gone; });
  s.tested.examined(s.id(s.index(gone)), verdict::unhealthy, finding::too_late, s.now);
  check_without(s, gone);
  s.tested.examined(s.id(s.index(gone)), verdict::healthy, finding::good, s.now);
  CHECK(used(s) == first);
  at->draining = true;
  s.becomes(instances);
  check_without(s, gone);
  instances.erase(at);
  s.becomes(instances);
  check_without(s, gone);
}

TEST_CASE("a rule may name who is not in the subset, and all gateways agree about keys") {
  pool_scene one(hosts(20), {}, {}, subset_of(3, "gw-1"));
  pool_scene other(hosts(20), {}, {}, subset_of(3, "gw-2"));
  for (std::uint64_t key = 0; key < 50; ++key) {
    auto const owner = one.tested.for_key(mixed(key), one.now);
    CHECK(one.tested.find(*owner)->ip == other.tested.find(*other.tested.for_key(mixed(key), other.now))->ip);
    CHECK(one.tested.may_dial(*owner, one.now));
  }
}

TEST_CASE("the canary serves its percentage of the clients, always the same, and the others serve the rest") {
  gw::config::canary const canary{.where = {{"version", "2"}}, .percent = 5};
  pool_scene s({of_version(1, "1"), of_version(2, "1"), of_version(3, "2")}, {}, {}, {.canary = canary});
  int served = 0;
  for (std::uint64_t key = 0; key < 10'000; ++key) {
    bool const first = s.tested.choose({.key = mixed(key)}, s.now) == 2;
    CHECK((s.tested.choose({.key = mixed(key)}, s.now) == 2) == first);
    served += first ? 1 : 0;
  }
  CAPTURE(served);
  CHECK(served >= 400);
  CHECK(served <= 600);
  served = 0;
  for (int i = 0; i < 1'000; ++i) served += s.choose() == 2 ? 1 : 0;
  CHECK(served == 50);
}

TEST_CASE(
    "where the canary or the others are not available the other side serves all, also a dial that has tried one") {
  gw::config::canary const canary{.where = {{"version", "2"}}, .percent = 100};
  pool_scene s({of_version(1, "1"), of_version(2, "2")}, {}, {}, {.canary = canary});
  CHECK(s.choose() == 1);
  CHECK(s.choose({s.id(1)}) == 0);
  s.refuse(1);
  CHECK(s.choose() == 0);
  s.succeed(1);
  s.refuse(0);
  CHECK(s.choose() == 1);
}

TEST_CASE("the canary has its percentage of the keys of rules, too, and those that consistent hashing gives it") {
  gw::config::canary const canary{.where = {{"version", "2"}}, .percent = 5};
  std::vector const all{of_version(1, "1"), of_version(2, "1"), of_version(3, "2"), of_version(4, "2")};
  pool_scene s(all, {.policy = "consistent_hash"}, {}, {.canary = canary});
  pool_scene twin(all, {}, {}, {.canary = canary});
  auto const in_canary = [&s](instance_id id) { return id == s.id(2) || id == s.id(3); };
  int served = 0;
  for (std::uint64_t key = 0; key < 10'000; ++key) {
    auto const owner = s.tested.for_key(mixed(key), s.now);
    REQUIRE(owner.has_value());
    CHECK(twin.tested.for_key(mixed(key), twin.now) == owner);
    CHECK(s.id(*s.tested.choose({.key = mixed(key)}, s.now)) == owner);
    served += in_canary(*owner) ? 1 : 0;
  }
  CAPTURE(served);
  CHECK(served >= 400);
  CHECK(served <= 600);
}

TEST_CASE("the keys of the canary go to the others while it is not available, those of the others to it alike") {
  gw::config::canary const canary{.where = {{"version", "2"}}, .percent = 50};
  pool_scene s({of_version(1, "1"), of_version(2, "2")}, {}, {}, {.canary = canary});
  auto const owners = [&s] {
    std::set<instance_id> found;
    for (std::uint64_t key = 0; key < 50; ++key) found.insert(*s.tested.for_key(mixed(key), s.now));
    return found;
  };
  CHECK(owners() == std::set{s.id(0), s.id(1)});
  s.refuse(1);
  CHECK(owners() == std::set{s.id(0)});
  s.refuse(0);
  CHECK(owners() == std::set{s.id(0), s.id(1)});  // none is available: whose it would be
  s.succeed(1);
  CHECK(owners() == std::set{s.id(1)});
}
