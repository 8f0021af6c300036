#include "discovery/belief.hpp"

#include "testing/catch.hpp"

#include <chrono>
#include <string>

using namespace std::chrono_literals;

namespace {

using gw::time_point;
using gw::discovery::agree;
using gw::discovery::catalogue;
using gw::discovery::damper;
using gw::discovery::doubtful_services;
using gw::discovery::offer;

/// A service `s` with so many instances, on ports 1, 2, ...
std::vector<offer> instances(std::uint16_t count) {
  std::vector<offer> all;
  for (std::uint16_t i = 1; i <= count; ++i) {
    offer o;
    o.host = "10.0.0.1";
    o.port = i;
    all.push_back(o);
  }
  return all;
}

std::size_t count_of(catalogue const& from) {
  auto const at = from.find("s");
  return at == from.end() ? 0 : at->second.size();
}

}  // namespace

TEST_CASE("a service is doubted when it is empty or less than half of it is left") {
  auto const check = [](std::uint16_t before, std::uint16_t after, bool expected) {
    CAPTURE(before, after);
    CHECK(doubtful_services({{"s", instances(before)}}, {{"s", instances(after)}}).empty() != expected);
  };
  check(1, 0, true);
  check(0, 0, false);
  check(2, 1, false);
  check(3, 1, true);
  check(10, 5, false);
  check(10, 4, true);
  check(4, 9, false);
  CHECK(doubtful_services({{"s", instances(1)}, {"t", {}}}, {}) == std::vector<std::string>{"s"});
}

TEST_CASE("two lists agree on a service when they hold the same of it, and one left out is empty") {
  catalogue const one = {{"s", instances(2)}, {"t", instances(1)}};
  catalogue const other = {{"s", instances(2)}, {"t", instances(3)}};
  CHECK(agree(one, other, {"s"}));
  CHECK_FALSE(agree(one, other, {"s", "t"}));
  CHECK(agree({{"s", {}}}, {}, {"s"}));
  CHECK(gw::discovery::with_kept({{"t", instances(3)}}, one, {"s"}) == other);
}

TEST_CASE("what the first list has may leave at once") {
  damper tested;
  time_point const begin{1h};
  CHECK(count_of(tested.through({{"s", instances(3)}}, begin)) == 3);
  CHECK_FALSE(tested.settles_at());
  CHECK(count_of(tested.through({{"s", instances(2)}}, begin + 1s)) == 2);
  CHECK_FALSE(tested.settles_at());
}

TEST_CASE("an instance that flaps every second is seen until it has been gone for ten seconds") {
  damper tested;
  time_point const begin{1h};
  tested.through({{"s", instances(1)}}, begin);
  CHECK(count_of(tested.through({{"s", instances(2)}}, begin + 100s)) == 2);
  for (auto second = 101s; second < 160s; second += 2s) {
    CHECK(count_of(tested.through({{"s", instances(1)}}, begin + second)) == 2);
    CHECK(count_of(tested.through({{"s", instances(2)}}, begin + second + 1s)) == 2);
  }
  CHECK(count_of(tested.through({{"s", instances(1)}}, begin + 161s)) == 2);
  REQUIRE(tested.settles_at());
  CHECK(*tested.settles_at() == begin + 171s);
  CHECK(count_of(tested.through({{"s", instances(1)}}, begin + 170s)) == 2);
  CHECK(count_of(tested.through({{"s", instances(1)}}, begin + 171s)) == 1);
  CHECK_FALSE(tested.settles_at());
}

TEST_CASE("an instance that left stays away while it flaps, and returns at once after a calm time") {
  damper tested;
  time_point const begin{1h};
  tested.through({{"s", instances(2)}}, begin);
  CHECK(count_of(tested.through({{"s", instances(1)}}, begin + 60s)) == 1);
  CHECK(count_of(tested.through({{"s", instances(2)}}, begin + 61s)) == 1);
  CHECK(count_of(tested.through({{"s", instances(1)}}, begin + 62s)) == 1);
  CHECK(count_of(tested.through({{"s", instances(1)}}, begin + 80s)) == 1);
  CHECK(count_of(tested.through({{"s", instances(2)}}, begin + 81s)) == 2);
}

TEST_CASE("what is said of an instance is seen at once, also while it flaps") {
  damper tested;
  time_point const begin{1h};
  tested.through({{"s", instances(1)}}, begin);
  auto two = instances(2);
  tested.through({{"s", two}}, begin + 60s);
  tested.through({{"s", instances(1)}}, begin + 61s);
  two[1].weight = 7;
  CHECK(tested.through({{"s", two}}, begin + 62s).at("s")[1].weight == 7);
  CHECK(tested.through({{"s", instances(1)}}, begin + 63s).at("s")[1].weight == 7);
}

TEST_CASE("a service without instances is one that is known") {
  damper tested;
  CHECK(tested.through({{"s", {}}}, time_point{1h}) == catalogue{{"s", {}}});
}
