#include "tools/bench_timeline.hpp"

#include "testing/catch.hpp"

using namespace gw::tools;

namespace {

bench_second second_at(double from, double length = 1) {
  return {.from_s = from, .to_s = from + length, .measured = true, .sent = 2, .answered = 1, .p50_ns = 5, .p99_ns = 5};
}

}  // namespace

TEST_CASE("A timeline keeps what it is told") {
  bench_timeline timeline;
  for (int i = 0; i < 3; ++i) timeline.add(second_at(i));
  auto const kept = timeline.take();
  REQUIRE(kept.size() == 3);
  CHECK(kept[2].from_s == 2);
  CHECK(kept[2].to_s == 3);
}

TEST_CASE("An interval that is too short for a rate joins the one before, but alone it is kept") {
  bench_timeline timeline;
  timeline.add(second_at(0));
  auto last = second_at(1, 0.05);
  last.in_flight = 7;
  last.p50_ns = 1;
  last.p99_ns = last.max_ns = 9;
  timeline.add(last);
  auto const kept = timeline.take();
  REQUIRE(kept.size() == 1);
  CHECK(kept[0].from_s == 0);
  CHECK(kept[0].to_s == 1.05);
  CHECK(kept[0].sent == 4);
  CHECK(kept[0].answered == 2);
  CHECK(kept[0].in_flight == 7);
  CHECK(kept[0].p50_ns == 5);
  CHECK(kept[0].p99_ns == 9);
  CHECK(kept[0].max_ns == 9);
  bench_timeline alone;
  alone.add(second_at(0, 0.05));
  CHECK(alone.take().size() == 1);
}

TEST_CASE("However long a run is its timeline is bounded, whole and even") {
  bench_timeline timeline;
  constexpr int seconds = 5 * 3600;
  for (int i = 0; i < seconds; ++i) timeline.add(second_at(i));
  auto const kept = timeline.take();
  CHECK(kept.size() == seconds / 8);
  double end = 0;
  std::uint64_t sent = 0;
  for (auto const& one : kept) {
    if (one.from_s != end || one.length_s() != 8) FAIL("from " << one.from_s << " to " << one.to_s);
    end = one.to_s;
    sent += one.sent;
  }
  CHECK(end == seconds);
  CHECK(sent == 2 * seconds);
}
