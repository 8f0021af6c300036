#include "tools/bench_schedule.hpp"

#include "testing/catch.hpp"

#include <algorithm>
#include <vector>

using namespace gw;
using namespace gw::tools;

namespace {

constexpr time_point begun{std::chrono::hours(5)};

/// The first `count` due times of one thread, in microseconds since the beginning.
std::vector<std::int64_t> due_us(rate at, bench_schedule::part of, int count) {
  bench_schedule s(at, of);
  s.begin(begun);
  std::vector<std::int64_t> all;
  for (int i = 0; i < count; ++i, s.take())
    all.push_back(std::chrono::duration_cast<std::chrono::microseconds>(s.next() - begun).count());
  return all;
}

using times = std::vector<std::int64_t>;
constexpr rate hundred{100, std::chrono::seconds(1)};

}  // namespace

TEST_CASE("messages are due at even intervals from the beginning on") {
  CHECK(due_us(hundred, {}, 4) == times{0, 10'000, 20'000, 30'000});
  CHECK(due_us({3, std::chrono::seconds(1)}, {}, 5) == times{0, 333'333, 666'666, 1'000'000, 1'333'333});
  CHECK(due_us({1, std::chrono::minutes(1)}, {}, 3) == times{0, 60'000'000, 120'000'000});
}

TEST_CASE("threads divide the messages by the connections that they own") {
  CHECK(due_us(hundred, {.first = 0, .share = 2, .whole = 3}, 4) == times{0, 10'000, 30'000, 40'000});
  CHECK(due_us(hundred, {.first = 2, .share = 1, .whole = 3}, 3) == times{20'000, 50'000, 80'000});
}

TEST_CASE("the threads together send what one would") {
  auto together = due_us(hundred, {.first = 0, .share = 3, .whole = 7}, 30);
  for (auto const& of : {bench_schedule::part{3, 2, 7}, bench_schedule::part{5, 2, 7}}) {
    auto const more = due_us(hundred, of, 20);
    together.insert(together.end(), more.begin(), more.end());
  }
  std::sort(together.begin(), together.end());
  CHECK(together == due_us(hundred, {}, 70));
}

TEST_CASE("a schedule does not drift: an hour later a message is due to the microsecond") {
  bench_schedule s({7, std::chrono::seconds(1)}, {});
  s.begin(begun);
  for (int i = 0; i < 7 * 3600; ++i) s.take();
  CHECK(s.next() == begun + std::chrono::hours(1));
}
