#include "cluster/latency.hpp"

#include "testing/catch.hpp"

using namespace std::chrono_literals;

namespace {

constexpr gw::time_point start = gw::time_point() + 1h;

}  // namespace

TEST_CASE("nothing is known of an instance that never answered") {
  CHECK(gw::cluster::latency_estimate().at(start) == 0);
}

TEST_CASE("a slower answer counts at once, a faster one by the time since the last") {
  gw::cluster::latency_estimate tested;
  tested.observe(20ms, start);
  CHECK(tested.at(start) == Approx(0.020));
  tested.observe(80ms, start);
  CHECK(tested.at(start) == Approx(0.080));
  tested.observe(10ms, start);
  CHECK(tested.at(start) == Approx(0.080));
  tested.observe(10ms, start + 10s);
  CHECK(tested.at(start + 10s) == Approx(0.080 * 0.36788 + 0.010 * 0.63212).epsilon(1e-4));
}

TEST_CASE("without answers an estimate fades, and after hours it is forgotten") {
  gw::cluster::latency_estimate tested;
  tested.observe(100ms, start);
  CHECK(tested.at(start + 10s) == Approx(0.036788).epsilon(1e-4));
  CHECK(tested.at(start + 20s) == Approx(0.013534).epsilon(1e-4));
  CHECK(tested.at(start + 10h) == 0);
  tested.observe(7ms, start + 10h);
  CHECK(tested.at(start + 10h) == Approx(0.007));
}
