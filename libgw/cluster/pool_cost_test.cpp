#include "cluster/pool_scene_test.hpp"

#include <time.h>

#include <algorithm>
#include <functional>
#include <string>

using namespace gw::cluster;

namespace {

/// Of the quickest of some runs, in seconds of this thread.
double cpu_time_of(std::function<void()> const& work) {
  auto const now = [] {
    timespec t{};
    ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_nsec) * 1e-9;
  };
  double least = 1e9;
  for (int i = 0; i < 5; ++i) {
    auto const began = now();
    work();
    least = std::min(least, now() - began);
  }
  return least;
}

std::vector<gw::config::instance> crowd_of(std::size_t count) {
  std::vector<gw::config::instance> all;
  for (std::size_t i = 0; i < count; ++i) {
    all.push_back({.host = "10.0." + std::to_string(i / 250) + "." + std::to_string(i % 250), .port = 1});
  }
  return all;
}

}  // namespace

TEST_CASE("whom the messages of a rule mean is found about as quickly among thousands as among four") {
  auto const cost = [](std::size_t instances, meaning const& by) {
    pool_scene s(crowd_of(instances));
    REQUIRE(s.tested.meant(by, s.now).has_value());
    return cpu_time_of([&] {
      for (int i = 0; i < 1'000; ++i) s.tested.meant(by, s.now);
    });
  };
  CHECK(cost(4'000, {.key = "room-7"}) < 20 * cost(4, {.key = "room-7"}));
  CHECK(cost(4'000, {.address = "10.0.15.249:1"}) < 20 * cost(4, {.address = "10.0.0.3:1"}));
}

TEST_CASE("a new snapshot costs by the number of instances, not by its square") {
  auto const cost = [](std::size_t instances) {
    auto const all = crowd_of(instances);
    pool_scene s(all);
    return cpu_time_of([&] { s.becomes(all); });
  };
  CHECK(cost(8'000) < 24 * cost(1'000));
}
