#include "instruments/chaos_plan.hpp"

#include "testing/catch.hpp"

#include <algorithm>
#include <set>
#include <string>
#include <vector>

using namespace gw::testbed;

namespace {

chaos_plan plan_of(std::string const& members) {
  auto const plan = chaos_plan::parse(R"({"to":"127.0.0.1:1",)" + members + "}");
  REQUIRE(plan.has_value());
  return *plan;
}

/// 100,000 zero bytes after they passed in pieces of `piece`.
std::string damaged(chaos_plan const& plan, std::uint64_t link, std::size_t piece) {
  chaos_dice dice(plan, link, true);
  std::string bytes(100'000, '\0');
  for (std::size_t at = 0; at < bytes.size(); at += piece) {
    dice.damage(std::span(bytes).subspan(at, std::min(piece, bytes.size() - at)));
  }
  return bytes;
}

/// The positions at which a write ends when 10,000 bytes are written, at most so many at a time.
std::set<std::size_t> ends_of_writes(chaos_plan const& plan, std::size_t most) {
  chaos_dice dice(plan, 1, true);
  std::set<std::size_t> ends;
  for (std::size_t at = 0; at < 10'000;) {
    auto const size = dice.next_write(std::min(most, 10'000 - at));
    dice.passed(size);
    ends.insert(at += size);
  }
  return ends;
}

/// The positions at which `wanted` comes when 10,000 bytes are written.
std::vector<std::size_t> places_of(chaos_dice::fault wanted, chaos_plan const& plan, std::size_t most) {
  chaos_dice dice(plan, 1, true);
  std::vector<std::size_t> places;
  for (std::size_t at = 0; at < 10'000;) {
    auto const size = dice.next_write(std::min(most, 10'000 - at));
    REQUIRE(size >= 1);
    at += size;
    if (dice.passed(size) == wanted) places.push_back(at);
  }
  return places;
}

}  // namespace

TEST_CASE("Bits flip at the same places however the bytes come, and elsewhere with another seed or link") {
  auto const plan = plan_of(R"("seed":7,"flip_every":500)");
  auto const whole = damaged(plan, 1, 100'000);
  auto const flips = 100'000 - std::count(whole.begin(), whole.end(), '\0');
  CHECK(flips > 100);
  CHECK(flips < 400);
  CHECK(damaged(plan, 1, 1) == whole);
  CHECK(damaged(plan, 1, 777) == whole);
  CHECK(damaged(plan, 2, 777) != whole);
  CHECK(damaged(plan_of(R"("seed":8,"flip_every":500)"), 1, 777) != whole);
  CHECK(damaged(plan_of(R"("seed":7)"), 1, 777) == std::string(100'000, '\0'));
}

TEST_CASE("Stalls, resets and half closes come at their position, however the bytes are written") {
  for (auto const most : {std::size_t{1}, std::size_t{333}, std::size_t{10'000}}) {
    CAPTURE(most);
    auto const stalls = plan_of(R"("stall_every":1000)");
    CHECK(places_of(chaos_dice::fault::stall, stalls, most) == places_of(chaos_dice::fault::stall, stalls, 10'000));
    CHECK(places_of(chaos_dice::fault::stall, stalls, most).size() > 3);
    auto const chopped = plan_of(R"("stall_every":1000,"chop":50)");
    CHECK(places_of(chaos_dice::fault::stall, chopped, most) == places_of(chaos_dice::fault::stall, stalls, 10'000));
    CHECK(places_of(chaos_dice::fault::reset, plan_of(R"("reset_after":[42,42])"), most).front() == 42);
    CHECK(places_of(chaos_dice::fault::half_close, plan_of(R"("half_close_after":[42,42])"), most).front() == 42);
    CHECK(places_of(chaos_dice::fault::reset, plan_of(R"("chop":3)"), most).empty());
  }
}

TEST_CASE("Chopped writes have every size up to the limit and none above") {
  auto const plan = plan_of(R"("chop":3)");
  chaos_dice dice(plan, 1, false);
  std::set<std::size_t> sizes;
  for (int i = 0; i < 200; ++i) {
    auto const size = dice.next_write(1000);
    sizes.insert(size);
    dice.passed(size);
  }
  CHECK(sizes == std::set<std::size_t>{1, 2, 3});
}

TEST_CASE("Chopped writes are cut at the same places, however the bytes come") {
  auto const plan = plan_of(R"("chop":30)");
  auto const cuts = ends_of_writes(plan, 10'000);
  CHECK(cuts.size() > 300);
  for (auto const most : {std::size_t{7}, std::size_t{13}, std::size_t{29}}) {
    CAPTURE(most);
    auto const ends = ends_of_writes(plan, most);
    CHECK(std::includes(ends.begin(), ends.end(), cuts.begin(), cuts.end()));
  }
}

TEST_CASE("A chaos plan that is not understood is refused") {
  for (auto const* const bad : {"{}", R"({"to":"x"})", R"({"to":"127.0.0.1:1","chops":1})", "["}) {
    CAPTURE(bad);
    CHECK_FALSE(chaos_plan::parse(bad).has_value());
  }
}
