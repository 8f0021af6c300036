#include "cluster/pool_scene_test.hpp"

#include "testing/catch.hpp"

#include <map>

using namespace std::chrono_literals;
using namespace gw::cluster;

TEST_CASE("an instance is named by its host or its address, with the port") {
  gw::config::service const services{
      .name = "a", .instances = {{.host = "orders.internal", .port = 80}, {.host = "::1", .port = 81}}};
  auto const resolve = [](std::string_view, std::uint16_t) { return std::vector<std::string>{"10.0.0.2", "10.0.0.1"}; };
  pool tested(balancer_kinds().front().make(1), {}, {}, 1);
  tested.update(registry::make(located(std::span(&services, 1), resolve), 1), 0, {});
  auto const check = [&tested](std::string_view address, std::string const& ip) {
    CAPTURE(address);
    auto const id = tested.named(address);
    CHECK((id ? tested.find(*id)->ip : "none") == ip);
  };
  check("orders.internal:80", "10.0.0.1");
  check("10.0.0.2:80", "10.0.0.2");
  check("[::1]:81", "::1");
  check("orders.internal:81", "none");
  check("orders.internal", "none");
  check("::1:81", "none");
  check("10.0.0.3:80", "none");
  check("", "none");
}

TEST_CASE("a rule means an instance by its address or by a key, and a dial finds that one or nobody") {
  pool_scene s(hosts(3));
  CHECK(s.tested.meant({.address = "10.0.0.2:1"}, s.now) == s.id(1));
  CHECK_FALSE(s.tested.meant({.address = "10.0.0.9:1"}, s.now).has_value());
  CHECK(s.tested.meant({.key = "ann"}, s.now) == s.tested.for_key(hash_of("ann"), s.now));
  auto const next = [&s](dial_request const& asked) {
    auto const* const found = s.tested.next(asked, s.now);
    return found == nullptr ? "nobody" : found->ip;
  };
  CHECK(next({.only = s.id(1)}) == "10.0.0.2");
  std::vector<instance_id> const second{s.id(1)};
  CHECK(next({.only = s.id(1), .excluded = second}) == "nobody");
  s.refuse(1);
  CHECK(next({.only = s.id(1)}) == "nobody");
  CHECK(next({.excluded = std::vector{s.id(0), s.id(1)}}) == "10.0.0.3");
  pool_scene none({});
  CHECK(none.tested.next({}, none.now) == nullptr);
}

TEST_CASE("a pool is made with the policy of its service, and consistent hashing goes by the client") {
  gw::config::config settings;
  settings.balancer.policy = "round_robin";
  settings.services = {{.name = "a", .instances = hosts(8)},
                       {.name = "b", .instances = hosts(8), .balancer = "consistent_hash"}};
  auto const snapshot = registry::make(located(settings.services), 1);
  auto const picks = [&](std::size_t service, auto const& key_of) {
    auto tested = make_pool(settings, service, 0);
    tested.update(snapshot, service, {});
    std::map<std::string, int> found;
    for (int i = 0; i < 8; ++i) ++found[tested.next({.key = key_of(i)}, {})->ip];
    return found.size();
  };
  auto const one = [](int) { return hash_of("10.0.0.1"); };
  CHECK(picks(0, one) == 8);
  CHECK(picks(1, one) == 1);
  CHECK(picks(1, [](int i) { return hash_of("10.0.0." + std::to_string(i)); }) > 2);
  CHECK(picks(1, [](int) { return std::optional<std::uint64_t>(); }) > 1);  // nobody shares a key that is not there
}

TEST_CASE("only with consistent hashing or a canary does the key of a dial decide anything") {
  auto const goes_by_key = [](std::string const& policy, gw::config::metadata const& canary) {
    pool_scene const s(hosts(2), {.policy = policy}, {}, {.canary = {.where = canary}});
    return s.tested.goes_by_key();
  };
  CHECK_FALSE(goes_by_key("least_loaded", {}));
  CHECK(goes_by_key("consistent_hash", {}));
  CHECK(goes_by_key("least_loaded", {{"version", "2"}}));
}

TEST_CASE("a named instance may be dialled freely while it is healthy, and once a second while it is not") {
  pool_scene s(hosts(2), {.eject_failures = 1});
  auto const may_dial = [&s] { return s.tested.may_dial(s.id(0), s.now); };
  CHECK(may_dial());
  CHECK(may_dial());
  s.refuse(0);
  CHECK_FALSE(may_dial());
  s.now += 999ms;
  CHECK_FALSE(may_dial());
  s.now += 1ms;
  CHECK(may_dial());
  CHECK_FALSE(may_dial());
  s.succeed(0);
  CHECK(may_dial());
  CHECK(may_dial());
  REQUIRE(s.report(0, trouble::bad_handshake));
  CHECK_FALSE(may_dial());
  s.now += 1s;
  CHECK(may_dial());
  CHECK_FALSE(may_dial());
  s.succeed(0);
  CHECK(may_dial());
  CHECK(may_dial());
}

TEST_CASE("the probe of a named instance behind its hold is not given to anybody else too") {
  pool_scene s(hosts(2));
  s.load(1).add(0, 100);
  s.refuse(0);
  s.now += 1250ms;
  CHECK(s.tested.may_dial(s.id(0), s.now));
  CHECK(s.choose() == 1);
}

TEST_CASE("an instance that has left may not be dialled") {
  pool_scene s(hosts(2));
  auto const left = s.id(0);
  s.becomes(hosts(1, 2));
  CHECK_FALSE(s.tested.may_dial(left, s.now));
}

TEST_CASE("a key belongs to one instance, whatever the policy, the loads and the zones, in every process") {
  pool_scene one({at_host(1, "x"), at_host(2, "y"), at_host(3, "x")}, {}, "x");
  pool_scene other({at_host(7), at_host(3), at_host(2, "y"), at_host(1, "x")}, {.policy = "random"});
  other.becomes({at_host(3), at_host(2, "y"), at_host(1, "x")});
  one.load(0).add(0, 1'000);
  std::map<std::string, int> owned;
  for (int i = 0; i < 300; ++i) {
    auto const key = hash_of("room-" + std::to_string(i));
    auto const& ip = one.tested.find(*one.tested.for_key(key, one.now))->ip;
    CHECK(ip == other.tested.find(*other.tested.for_key(key, other.now))->ip);
    ++owned[ip];
  }
  CHECK(owned.size() == 3);
}

TEST_CASE("the keys of an instance that is held or ejected go to others, and come back with it") {
  pool_scene s(hosts(3), {.eject_failures = 1});
  auto const owners = [&s] {
    std::vector<instance_id> all;
    for (std::uint64_t key = 0; key < 300; ++key) all.push_back(*s.tested.for_key(mixed(key), s.now));
    return all;
  };
  auto const before = owners();
  s.refuse(0);
  auto const without_first = owners();
  s.report(1);
  auto const without_both = owners();
  for (std::size_t i = 0; i < before.size(); ++i) {
    if (before[i] == s.id(0)) CHECK(without_first[i] != s.id(0));
    if (before[i] != s.id(0)) CHECK(without_first[i] == before[i]);
    CHECK(without_both[i] == s.id(2));
  }
  s.report(2);
  s.refuse(2);
  CHECK(owners() == before);  // none is available: whose it would be
  for (std::size_t i : {0U, 1U, 2U}) {
    s.now += 1s;
    REQUIRE(s.tested.may_dial(s.id(i), s.now));
    s.succeed(i);
  }
  CHECK(owners() == before);
}

TEST_CASE("there is no instance for a key where there is none at all") {
  pool_scene s({});
  CHECK_FALSE(s.tested.for_key(1, s.now).has_value());
  CHECK_FALSE(s.tested.named("10.0.0.1:1").has_value());
}

TEST_CASE("with consistent hashing a wish with a key gets the instance of the key, and the next one if tried") {
  pool_scene s(hosts(4), {.policy = "consistent_hash"});
  for (std::uint64_t k = 0; k < 20; ++k) {
    auto const key = mixed(k);
    auto const owner = s.tested.for_key(key, s.now);
    auto const chosen = s.tested.choose({.key = key}, s.now);
    REQUIRE(chosen.has_value());
    CHECK(s.id(*chosen) == owner);
    std::vector const tried{*owner};
    auto const next = s.tested.choose({.excluded = tried, .key = key}, s.now);
    REQUIRE(next.has_value());
    CHECK(s.id(*next) != owner);
    CHECK(s.tested.choose({.excluded = tried, .key = key}, s.now) == next);
  }
}

TEST_CASE("observed latencies reach the policy") {
  pool_scene s(hosts(2), {.policy = "p2c_ewma"});
  s.tested.observed(s.id(0), 40ms, s.now);
  s.tested.observed(s.id(1), 2ms, s.now);
  for (int i = 0; i < 20; ++i) CHECK(s.choose() == 1);
  s.now += 1min;
  s.tested.observed(s.id(0), 2ms, s.now);
  s.tested.observed(s.id(1), 40ms, s.now);
  s.becomes(hosts(2));
  for (int i = 0; i < 20; ++i) CHECK(s.choose() == 0);
}
