#include "core/pace.hpp"

#include "testing/catch.hpp"

using namespace std::chrono_literals;

namespace {

/// How many of `events` at `now` are admitted.
int admitted(gw::pace& p, int events, gw::time_point now) {
  int count = 0;
  for (int i = 0; i < events; ++i) count += p.admit(now) ? 1 : 0;
  return count;
}

constexpr gw::time_point start = gw::time_point() + 1h;

}  // namespace

TEST_CASE("a pace admits its burst at once and then so many in their time") {
  gw::pace p(20, 10s);
  CHECK(admitted(p, 100, start) == 20);
  CHECK(admitted(p, 100, start + 499ms) == 0);
  CHECK(admitted(p, 100, start + 500ms) == 1);
  CHECK(admitted(p, 100, start + 5s) == 9);
  CHECK(admitted(p, 100, start + 60s) == 20);
}

TEST_CASE("events at exactly the pace are admitted for ever") {
  gw::pace p(100, 1s);
  for (int i = 0; i < 10'000; ++i) REQUIRE(p.admit(start + i * 10ms));
}

TEST_CASE("a refused event is not counted") {
  gw::pace p(1, 1s);
  CHECK(p.admit(start));
  CHECK(admitted(p, 1000, start + 999ms) == 0);
  CHECK(p.admit(start + 1s));
}

TEST_CASE("a pace without a count admits everything") {
  gw::pace p(0, 1s);
  CHECK(admitted(p, 1000, start) == 1000);
}
