#include "tools/bench_pending.hpp"

#include "testing/catch.hpp"

#include <map>
#include <set>

using namespace gw;
using namespace gw::tools;

namespace {

bench_pending::message message(std::uint64_t key, std::size_t service = 0, int sent_at = 0) {
  auto const at = time_point(std::chrono::milliseconds(sent_at));
  return {.key = key, .left = {at, at}, .service = service, .digest = key + 1};
}

}  // namespace

TEST_CASE("a message is taken by its key, once") {
  bench_pending p;
  CHECK_FALSE(p.take(1).has_value());
  p.add(message(1));
  p.add(message(17));  // the same slot in a table of 16
  p.add(message(2));
  CHECK(p.size() == 3);
  auto const taken = p.take(17);
  REQUIRE(taken.has_value());
  CHECK(taken->digest == 18);
  CHECK_FALSE(p.take(17).has_value());
  CHECK(p.take(1).has_value());
  CHECK(p.take(2).has_value());
  CHECK(p.size() == 0);
}

TEST_CASE("messages of one key are both kept") {
  bench_pending p;
  p.add(message(5));
  p.add(message(5));
  CHECK(p.take(5).has_value());
  CHECK(p.take(5).has_value());
  CHECK_FALSE(p.take(5).has_value());
}

TEST_CASE("the oldest messages are those of their service") {
  bench_pending p;
  p.add(message(1, 0, 40));
  p.add(message(2, 1, 10));
  p.add(message(3, 0, 20));
  p.add(message(4, 0, 30));
  auto const taken = [&p](std::size_t service, std::uint64_t count) {
    std::set<std::uint64_t> keys;
    p.take_oldest(service, count, [&keys](bench_pending::message const& one) { keys.insert(one.key); });
    return keys;
  };
  CHECK(taken(0, 2) == std::set<std::uint64_t>{3, 4});
  CHECK(p.size() == 2);
  CHECK(taken(0, 1'000'000'000'000) == std::set<std::uint64_t>{1});
  CHECK(taken(0, 1).empty());
  CHECK(p.take(2).has_value());
}

TEST_CASE("all messages to one service are taken at once") {
  bench_pending p;
  for (std::uint64_t key = 0; key < 40; ++key) p.add(message(key, key % 2));
  std::size_t taken = 0;
  p.take_all(1, [&](bench_pending::message const& one) { taken += one.service; });
  CHECK(taken == 20);
  CHECK(p.size() == 20);
  CHECK(p.take(2).has_value());
  CHECK_FALSE(p.take(3).has_value());
}

TEST_CASE("whatever comes and goes, the table holds what a map would") {
  std::mt19937_64 random(7);
  bench_pending p;
  std::map<std::uint64_t, int> reference;
  for (int step = 0; step < 20'000; ++step) {
    auto const key = random() % 97 * 16;  // many share their slots
    if (random() % 2 == 0) {
      p.add(message(key));
      ++reference[key];
    } else {
      bool const expected = reference[key] > 0;
      if (p.take(key).has_value() != expected) FAIL("step " << step << ", key " << key);
      if (expected) --reference[key];
    }
  }
  std::size_t left = 0;
  for (auto const& [key, times] : reference) left += static_cast<std::size_t>(times);
  CHECK(p.size() == left);
}
