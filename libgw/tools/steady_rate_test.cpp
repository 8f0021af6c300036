#include "tools/steady_rate.hpp"

#include "testing/catch.hpp"

using namespace gw;
using namespace std::chrono_literals;

namespace {

int taken(tools::steady_rate& from, time_point now) {
  int count = 0;
  while (from.take(now)) ++count;
  return count;
}

}  // namespace

TEST_CASE("As many are due as the rate says, however late one asks") {
  time_point const start{1h};
  tools::steady_rate r;
  r.begin({.count = 10}, start);
  CHECK(taken(r, start) == 0);
  CHECK(r.wait(start) == 100ms);
  CHECK(taken(r, start + 99ms) == 0);
  CHECK(taken(r, start + 100ms) == 1);
  CHECK(taken(r, start + 950ms) == 8);
  CHECK(r.wait(start + 950ms) == 50ms);
  CHECK(taken(r, start + 10s) == 91);
}

TEST_CASE("Nothing is due of no rate, or after its end") {
  time_point const start{1h};
  tools::steady_rate r;
  CHECK_FALSE(r.take(start + 1h));
  r.begin({.count = 0}, start);
  CHECK_FALSE(r.running());
  CHECK_FALSE(r.take(start + 1h));
  r.begin({.count = 1}, start);
  r.end();
  CHECK_FALSE(r.take(start + 1h));
}
