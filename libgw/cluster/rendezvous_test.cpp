#include "cluster/rendezvous.hpp"

#include "cluster/hash.hpp"

#include "testing/catch.hpp"

#include <algorithm>
#include <cstdlib>
#include <string>
#include <vector>

namespace {

using gw::cluster::candidate;
using gw::cluster::hash_of;
using gw::cluster::rendezvous;

constexpr std::size_t keys = 10'000;

std::vector<candidate> instances(std::size_t count) {
  std::vector<candidate> all;
  for (std::size_t i = 0; i < count; ++i) {
    all.push_back({.index = i, .address_hash = hash_of("10.0.0." + std::to_string(i) + ":9001")});
  }
  return all;
}

/// Who owns each of the keys, by index.
std::vector<std::size_t> owners(std::vector<candidate> const& among) {
  std::vector<std::size_t> all;
  for (std::size_t k = 0; k < keys; ++k) {
    all.push_back(among[rendezvous(among, hash_of("user-" + std::to_string(k)))].index);
  }
  return all;
}

std::size_t owned_by(std::size_t index, std::vector<std::size_t> const& all) {
  return static_cast<std::size_t>(std::count(all.begin(), all.end(), index));
}

bool near(std::size_t value, std::size_t expected, std::size_t tolerance) {
  return value + tolerance >= expected && value <= expected + tolerance;
}

}  // namespace

TEST_CASE("the hash of a key is the same in every process") {
  CHECK(hash_of("") == 0xefd01f60ba992926U);
  CHECK(hash_of("user-1") == 0x41a2fca5c68401c5U);
  CHECK(hash_of("10.0.0.1:9001") == 0x10d5fe8f3fc31356U);
}

TEST_CASE("keys are shared evenly, and by weight") {
  auto const even = owners(instances(10));
  for (std::size_t i = 0; i < 10; ++i) CHECK(near(owned_by(i, even), 1'000, 120));
  auto weighted = instances(3);
  weighted[1].weight = 3;
  weighted[2].weight = 6;
  auto const by_weight = owners(weighted);
  CHECK(near(owned_by(0, by_weight), 1'000, 120));
  CHECK(near(owned_by(1, by_weight), 3'000, 200));
  CHECK(near(owned_by(2, by_weight), 6'000, 200));
}

TEST_CASE("one more instance takes about its share of the keys, and no other key moves") {
  auto const before = owners(instances(10));
  auto const after = owners(instances(11));
  std::size_t moved = 0;
  for (std::size_t k = 0; k < keys; ++k) {
    if (before[k] == after[k]) continue;
    ++moved;
    CHECK(after[k] == 10);
  }
  CHECK(near(moved, keys / 11, 120));
}

TEST_CASE("one instance less gives its keys to all others, and no other key moves") {
  auto const before = owners(instances(10));
  auto fewer = instances(10);
  fewer.erase(fewer.begin() + 4);
  auto const after = owners(fewer);
  std::vector<std::size_t> heirs(10);
  for (std::size_t k = 0; k < keys; ++k) {
    if (before[k] == 4) {
      ++heirs[after[k]];
    } else {
      CHECK(before[k] == after[k]);
    }
  }
  for (std::size_t i = 0; i < 10; ++i) CHECK((heirs[i] > 60) == (i != 4));
}

TEST_CASE("an instance that grows only takes keys") {
  auto growing = instances(5);
  std::vector<std::size_t> before;
  std::size_t owned = 0;
  for (std::size_t share = 100; share <= 1'000; share += 300) {
    growing[2].share = share;
    auto const after = owners(growing);
    for (std::size_t k = 0; k < before.size(); ++k) CHECK((after[k] == before[k] || after[k] == 2));
    CHECK(owned_by(2, after) > owned);
    owned = owned_by(2, after);
    before = after;
  }
  CHECK(near(owned, 2'000, 160));
}

TEST_CASE("keys do not move when one instance begins to differ in weight, but to or from that one") {
  auto heavier = instances(10);
  heavier[3].weight = 2;
  auto const before = owners(instances(10));
  auto const after = owners(heavier);
  std::size_t moved = 0;
  for (std::size_t k = 0; k < keys; ++k) {
    if (before[k] == after[k]) continue;
    ++moved;
    CHECK(after[k] == 3);
  }
  CHECK(near(moved, keys * 2 / 11 - keys / 10, 120));
}

TEST_CASE("the order of the instances does not matter") {
  auto reversed = instances(10);
  std::reverse(reversed.begin(), reversed.end());
  CHECK(owners(reversed) == owners(instances(10)));
}
