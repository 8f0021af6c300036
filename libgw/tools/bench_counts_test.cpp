#include "tools/bench_counts.hpp"

#include "testing/catch.hpp"

#include <string>

using namespace gw::tools;

TEST_CASE("Errors of a server that makes up its codes are bounded, and safe to show") {
  bench_counts counts(1);
  for (int i = 0; i < 1000; ++i) counts.count_error(std::to_string(i));
  CHECK(counts.errors.size() == 101);
  CHECK(counts.errors["99"] == 1);
  CHECK(counts.errors["other"] == 900);
  bench_counts loud(1);
  loud.count_error("\x1b[2J");
  loud.count_error(std::string(100'000, 'x'));
  CHECK(loud.errors.begin()->first == "\\x1b[2J");
  CHECK(loud.errors.rbegin()->first.size() == 200);
}

TEST_CASE("An interval counts its own errors, and shows those of the warm-up only while that lasts") {
  // Two threads.
  bench_sample before{.errors = 1, .warmup_errors = 10};
  before.add({.errors = 1, .warmup_errors = 20});
  bench_sample after{.errors = 4, .warmup_errors = 15};
  after.add({.errors = 2, .warmup_errors = 20});
  auto const warming_up = interval(before, after, false);
  CHECK_FALSE(warming_up.measured);
  CHECK(warming_up.errors == 4);
  CHECK(warming_up.errors_so_far == 41);
  auto const measured = interval(before, after, true);
  CHECK(measured.measured);
  CHECK(measured.errors == 4);
  CHECK(measured.errors_so_far == 6);
}
