#include "cluster/roster.hpp"

#include "cluster/hash.hpp"

#include "testing/catch.hpp"

#include <string>

using namespace gw::cluster;

namespace {

struct zone {
  std::size_t free = 0;
  std::size_t all = 0;
};

std::size_t away_share(zone home, zone away) {
  roster r;
  r.clear(home.all + away.all);
  for (std::size_t i = 0; i < home.all; ++i) r.add({}, true, i < home.free);
  for (std::size_t i = 0; i < away.all; ++i) r.add({}, false, i < away.free);
  return r.away_share();
}

}  // namespace

TEST_CASE("nothing leaves our zone while 70 percent of it is free, and then more the less is left") {
  CHECK(away_share({10, 10}, {1, 1}) == 0);
  CHECK(away_share({7, 10}, {1, 1}) == 0);
  CHECK(away_share({69, 100}, {1, 1}) == 15);
  CHECK(away_share({35, 100}, {1, 1}) == 500);
  CHECK(away_share({1, 100}, {1, 1}) == 986);
  CHECK(away_share({0, 100}, {1, 1}) == 1'000);
  CHECK(away_share({0, 0}, {1, 1}) == 1'000);
  CHECK(away_share({1, 100}, {0, 50}) == 0);
  CHECK(away_share({0, 0}, {0, 0}) == 0);
}

TEST_CASE("where one side has nobody the other is chosen from") {
  roster r;
  r.clear(2);
  CHECK(r.empty());
  CHECK(r.among(true).empty());
  r.add({.index = 4}, true, true);
  CHECK(r.among(true).front().index == 4);
  CHECK(r.among(false).front().index == 4);
  r.add({.index = 5}, false, true);
  CHECK(r.among(true).front().index == 5);
  r.clear(1);
  r.add({.index = 5}, false, true);
  CHECK(r.among(false).front().index == 5);
}

TEST_CASE("splitters of different salts split the same keys independently") {
  splitter one(1);
  splitter other(2);
  int both = 0;
  for (std::uint64_t key = 1; key <= 10'000; ++key) both += one.draw(500, mixed(key)) && other.draw(500, mixed(key));
  CHECK(both > 2'300);
  CHECK(both < 2'700);
}

TEST_CASE("what is split without keys is spread evenly, with keys each stays on its side") {
  splitter s(1);
  std::string drawn;
  for (int i = 0; i < 12; ++i) drawn += s.draw(250, {}) ? 'x' : '.';
  CHECK(drawn == "...x...x...x");
  for (std::size_t const share : {0U, 143U, 500U, 1'000U}) {
    std::size_t there = 0;
    for (std::uint64_t key = 1; key <= 10'000; ++key) {
      bool const first = s.draw(share, mixed(key));
      CHECK(s.draw(share, mixed(key)) == first);
      there += first ? 1 : 0;
    }
    CAPTURE(share, there);
    CHECK(there + 150 >= share * 10);
    CHECK(there <= share * 10 + 150);
    CHECK((share != 0 || there == 0));
  }
}
