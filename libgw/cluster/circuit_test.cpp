#include "cluster/circuit.hpp"

#include "testing/catch.hpp"

using namespace std::chrono_literals;

namespace {

using gw::cluster::circuit;
using state = gw::cluster::circuit::state;

struct scene {
  circuit tested;
  gw::time_point now = gw::time_point() + 1h;

  explicit scene(gw::config::circuit const& settings = half_of_ten()) : tested(settings) {}

  static gw::config::circuit half_of_ten() {
    return {.failure_rate = 50, .window = 10s, .min_dials = 10, .open_for = 5s};
  }

  /// How many of `failed` failures in a row it took to open it.
  int fail(int failed) {
    for (int i = 1; i <= failed; ++i) {
      if (tested.failed(now)) return i;
    }
    return 0;
  }
  void succeed(int dials) {
    for (int i = 0; i < dials; ++i) CHECK_FALSE(tested.succeeded(now));
  }
  bool may_dial() { return tested.wait(now) == gw::duration(); }
  state is() const { return tested.at(now); }
};

}  // namespace

TEST_CASE("a circuit opens when the share of failed dials is reached, of enough dials") {
  scene few;
  CHECK(few.fail(9) == 0);
  CHECK(few.is() == state::closed);
  CHECK(few.may_dial());
  CHECK(few.fail(1) == 1);
  CHECK(few.is() == state::open);
  scene many;
  many.succeed(30);
  CHECK(many.fail(29) == 0);
  CHECK(many.fail(1) == 1);
  scene good;
  for (int i = 0; i < 1'000; ++i) {
    good.succeed(3);
    CHECK(good.fail(2) == 0);
  }
}

TEST_CASE("a circuit that is off never opens") {
  scene off{gw::config::circuit{}};
  CHECK(off.fail(1'000) == 0);
  CHECK(off.may_dial());
}

TEST_CASE("dials older than the window are forgotten, a tenth of it at a time") {
  scene s;
  CHECK(s.fail(9) == 0);
  s.now += 10s;
  CHECK(s.fail(9) == 0);
  s.now += 9s;
  CHECK(s.fail(1) == 1);
  scene steady;
  for (int i = 0; i < 100; ++i) {
    CHECK(steady.fail(4) == 0);  // 8 within the window
    steady.now += 5s;
  }
}

TEST_CASE("an open circuit lets nobody through and says for how long") {
  scene s;
  CHECK(s.fail(10) == 10);
  CHECK(s.tested.wait(s.now) == 5s);
  s.now += 4'999ms;
  CHECK(s.tested.wait(s.now) == 1ms);
  CHECK_FALSE(s.tested.succeeded(s.now));  // a dial from before
  CHECK(s.is() == state::open);
}

TEST_CASE("a half open circuit lets one dial a second through, and a success closes it") {
  scene s;
  s.fail(10);
  s.now += 5s;
  CHECK(s.is() == state::half_open);
  CHECK(s.may_dial());
  CHECK(s.tested.wait(s.now) == 1s);
  CHECK(s.fail(1) == 0);
  CHECK(s.is() == state::half_open);
  s.now += 999ms;
  CHECK(s.tested.wait(s.now) == 1ms);
  s.now += 1ms;
  CHECK(s.may_dial());
  CHECK_FALSE(s.may_dial());
  CHECK(s.tested.succeeded(s.now));
  CHECK(s.is() == state::closed);
  for (int i = 0; i < 3; ++i) CHECK(s.may_dial());
  CHECK(s.fail(10) == 10);  // what was before is forgotten
}
