#include "core/random.hpp"

#include "testing/catch.hpp"

#include <algorithm>
#include <array>
#include <set>
#include <thread>
#include <vector>

namespace gw {
namespace {

using name = std::array<unsigned char, 16>;

std::vector<name> draw_names(std::size_t count) {
  std::vector<name> all(count);
  for (auto& each : all) fill_random(each);
  return all;
}

TEST_CASE("no two random names are equal, be they of one block, of several or of two threads") {
  auto here = draw_names(1'000);
  std::vector<name> there;
  std::thread([&there] { there = draw_names(1'000); }).join();
  here.insert(here.end(), there.begin(), there.end());
  CHECK(std::set<name>(here.begin(), here.end()).size() == 2'000);
}

TEST_CASE("what is asked for may be longer than a block, or nothing") {
  std::vector<unsigned char> all(5'000);
  fill_random(all);
  // 5,000 bytes without 64 noughts in a row: a part that was not filled would be longer.
  auto const gap = std::search_n(all.begin(), all.end(), 64, 0);
  CHECK(gap == all.end());
  fill_random({});
}

}  // namespace
}  // namespace gw
