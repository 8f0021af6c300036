#include "core/histogram.hpp"

#include <algorithm>
#include <cmath>
#include <functional>
#include <random>
#include <thread>
#include <vector>

#include "testing/catch.hpp"

namespace {

using gw::histogram;

constexpr double percentiles[] = {0, 0.1, 1, 5, 25, 50, 75, 90, 99, 99.9, 99.99, 99.999, 100};

/// By whole numbers, so that it does not share the rounding of what it judges.
std::uint64_t exact(std::vector<std::uint64_t> const& sorted, double percent) {
  auto const thousandths = static_cast<std::size_t>(std::lround(percent * 1000));
  auto const rank = (thousandths * sorted.size() + 99'999) / 100'000;
  return sorted[std::max(rank, std::size_t{1}) - 1];
}

void check_against_reference(std::vector<std::uint64_t> values) {
  histogram recorded;
  double sum = 0;
  for (auto const value : values) {
    recorded.record(value);
    sum += static_cast<double>(value);
  }
  std::sort(values.begin(), values.end());
  CHECK(recorded.count() == values.size());
  CHECK(recorded.min() == values.front());
  CHECK(recorded.max() == values.back());
  CHECK(recorded.mean() == Approx(sum / static_cast<double>(values.size())).epsilon(1e-9));
  for (double const percent : percentiles) {
    auto const truth = exact(values, percent);
    auto const told = recorded.value_at_percentile(percent);
    INFO("p" << percent << ": " << told << " for " << truth);
    CHECK(told >= truth);
    CHECK(static_cast<double>(told - truth) <= static_cast<double>(truth) * 0.001);
  }
}

std::vector<std::uint64_t> draw(std::function<double(std::mt19937_64&)> const& one) {
  std::mt19937_64 random(20261122);
  std::vector<std::uint64_t> values(100'000);
  for (auto& value : values)
    value = std::clamp(static_cast<std::uint64_t>(one(random)), std::uint64_t{1}, histogram::most);
  return values;
}

}  // namespace

TEST_CASE("an empty histogram says 0 everywhere and an idle one owns no slots") {
  histogram const empty;
  CHECK(empty.count() == 0);
  CHECK(empty.min() == 0);
  CHECK(empty.max() == 0);
  CHECK(empty.mean() == 0.0);
  CHECK(empty.value_at_percentile(99) == 0);
  STATIC_REQUIRE(sizeof(histogram) < 512);
}

TEST_CASE("percentiles are within 0.1 percent of a sorted list") {
  SECTION("small numbers, which are exact") {
    check_against_reference(draw([](auto& random) { return std::uniform_real_distribution<>(1, 3000)(random); }));
  }
  SECTION("latencies") {
    check_against_reference(draw([](auto& random) { return std::lognormal_distribution<>(12, 1.5)(random); }));
  }
  SECTION("the whole range, by magnitude") {
    check_against_reference(
        draw([](auto& random) { return std::exp2(std::uniform_real_distribution<>(0, 40)(random)); }));
  }
  SECTION("both sides of every power of two") {
    std::vector<std::uint64_t> edges;
    for (int bit = 0; bit <= 40; ++bit) {
      auto const power = std::uint64_t{1} << bit;
      for (auto const value : {power - 1, power, power + 1}) {
        if (value >= 1 && value <= histogram::most) edges.push_back(value);
      }
    }
    check_against_reference(edges);
  }
}

TEST_CASE("a percentile that falls on a value is that value, not the next one") {
  for (std::uint64_t n = 1; n <= 1000; ++n) {
    histogram counted;
    for (std::uint64_t value = 1; value <= n; ++value) counted.record(value);
    for (std::uint64_t rank = 1; rank <= n; ++rank) {
      auto const percent = 100.0 * static_cast<double>(rank) / static_cast<double>(n);
      if (counted.value_at_percentile(percent) != rank) FAIL("rank " << rank << " of " << n);
    }
  }
  histogram thousand;
  for (std::uint64_t value = 1; value <= 1000; ++value) thousand.record(value);
  CHECK(thousand.value_at_percentile(99.9) == 999);
  CHECK(thousand.value_at_percentile(99.91) == 1000);
}

TEST_CASE("every value up to 2047 has a slot of its own") {
  for (std::uint64_t value = 0; value < 2048; ++value) {
    histogram one;
    one.record_n(value, 3);
    one.record(histogram::most);
    REQUIRE(one.value_at_percentile(75) == value);
    REQUIRE(one.value_at_percentile(76) == histogram::most);
  }
}

TEST_CASE("values above the range are recorded as its end") {
  histogram high;
  high.record(~std::uint64_t{0});
  high.record(histogram::most + 1);
  CHECK(high.max() == histogram::most);
  CHECK(high.value_at_percentile(50) == histogram::most);
  CHECK(high.mean() == static_cast<double>(histogram::most));
}

TEST_CASE("a value recorded n times counts n times, or not at all if n is 0") {
  histogram many;
  many.record_n(7, 0);
  CHECK(many.count() == 0);
  many.record_n(10, 99);
  many.record_n(1000, 1);
  CHECK(many.count() == 100);
  CHECK(many.mean() == Approx(19.9));
  CHECK(many.value_at_percentile(99) == 10);
  CHECK(many.value_at_percentile(99.1) == 1000);
}

TEST_CASE("merged histograms are as if one had recorded everything") {
  auto const values = draw([](auto& random) { return std::lognormal_distribution<>(10, 2)(random); });
  histogram whole;
  histogram parts[3];
  for (std::size_t i = 0; i < values.size(); ++i) {
    whole.record(values[i]);
    parts[i % 3].record(values[i]);
  }
  histogram merged;
  merged.merge(histogram());
  CHECK(merged.count() == 0);
  CHECK(merged.min() == 0);
  for (auto const& part : parts) merged.merge(part);
  CHECK(merged.count() == whole.count());
  CHECK(merged.min() == whole.min());
  CHECK(merged.max() == whole.max());
  CHECK(merged.mean() == Approx(whole.mean()));
  for (double const percent : percentiles) {
    CHECK(merged.value_at_percentile(percent) == whole.value_at_percentile(percent));
  }
}

TEST_CASE("percentiles are those of HdrHistogram with 3 significant digits") {
  // Said once by hdr-histogram-js 3.0.1 of the same values; it tells the end of a slot where we know the maximum.
  constexpr std::pair<double, std::uint64_t> told[] = {
      {0, 1027},       {1, 1200},       {5, 1838},         {10, 2601},         {25, 9095},
      {33.3, 33087},   {50, 132095},    {66.6, 1049599},   {75, 2099199},      {90, 67174399},
      {95, 268697599}, {99, 537395199}, {99.9, 537395199}, {99.99, 537395199}, {100, 537395199},
  };
  histogram of;
  std::uint64_t x = 42;
  for (int i = 0; i < 10'000; ++i) {
    x = x * 6364136223846793005 + 1442695040888963407;
    of.record((std::uint64_t{1} << (10 + (x >> 59) % 20)) + (x >> 40) % 1000);
  }
  CHECK(of.max() == 536871910);
  for (auto const& [percent, value] : told) {
    CAPTURE(percent);
    CHECK(of.value_at_percentile(percent) == std::min(value, of.max()));
  }
}

TEST_CASE("what was recorded since is the difference, to 3 digits, and its mean is exact") {
  histogram growing;
  histogram before;
  for (std::uint64_t value = 1; value <= 100; ++value) {
    growing.record(value);
    before.record(value);
  }
  CHECK(growing.since(before).count() == 0);
  growing.record_n(5000, 3);
  growing.record(7000);
  auto const since = growing.since(before);
  CHECK(since.count() == 4);
  CHECK(since.value_at_percentile(75) == Approx(5000).epsilon(0.001));
  CHECK(since.max() == 7000);
  CHECK(since.mean() == Approx(5500));
  CHECK(growing.since(histogram()).count() == 104);
}

TEST_CASE("slots are told in order, with the greatest value of each") {
  histogram of;
  of.record_n(3, 2);
  of.record(4096);  // its slot is 4 wide
  of.record(9000);
  std::vector<std::pair<std::uint64_t, std::uint64_t>> seen;
  of.for_each_slot([&](std::uint64_t value, std::uint64_t times) { seen.emplace_back(value, times); });
  CHECK(seen == std::vector<std::pair<std::uint64_t, std::uint64_t>>{{3, 2}, {4099, 1}, {9000, 1}});
}

TEST_CASE("bucket counts are cumulative, bounds belong to their bucket, and workers add up") {
  static constexpr std::uint64_t bounds[] = {10, 100, 1000};
  gw::bucket_counts first(bounds);
  gw::bucket_counts second(bounds);
  for (std::uint64_t const value : {0U, 10U, 11U, 100U, 1000U, 1001U}) first.record(value);
  second.record(5000);
  gw::bucket_counts::totals all;
  CHECK(all.count() == 0);
  first.add_to(all);
  CHECK(all.cumulative == std::vector<std::uint64_t>{2, 4, 5, 6});
  CHECK(all.sum == 2122);
  second.add_to(all);
  CHECK(all.cumulative == std::vector<std::uint64_t>{2, 4, 5, 7});
  CHECK(all.sum == 7122);
  CHECK(all.count() == 7);
}

TEST_CASE("bucket counts are read while they are written, and never go back") {
  static constexpr std::uint64_t bounds[] = {1, 2};
  constexpr std::uint64_t records = 300'000;
  gw::bucket_counts counts(bounds);
  std::thread writer([&] {
    for (std::uint64_t i = 0; i < records; ++i) counts.record(i % 4);
  });
  for (std::uint64_t last = 0; last < records;) {
    gw::bucket_counts::totals seen;
    counts.add_to(seen);
    if (seen.count() < last || !std::is_sorted(seen.cumulative.begin(), seen.cumulative.end())) {
      FAIL_CHECK("count fell from " << last << " to " << seen.count());
      break;
    }
    last = seen.count();
  }
  writer.join();
  gw::bucket_counts::totals seen;
  counts.add_to(seen);
  CHECK(seen.count() == records);
}
