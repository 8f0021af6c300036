#include "net/alarm.hpp"

#include "net/event.hpp"
#include "testing/catch.hpp"
#include "testing/run_loop.hpp"

#include <vector>

using namespace gw;

namespace {

struct record {
  std::vector<time_point> wanted{};
  std::vector<time_point> rung{};
};

/// Sets its alarm again until it has rung three times.
struct bell {
  bell(net::loop& on, record& in) : book(in), done(on.where()), alarm(on.where(), ring, this) {}

  void set() {
    book.wanted.push_back(time.now() + std::chrono::microseconds(300));
    alarm.set(book.wanted.back());
  }
  static void ring(void* self) {
    auto& b = *static_cast<bell*>(self);
    b.book.rung.push_back(b.time.now());
    if (b.book.rung.size() == 3) return b.done.set();
    b.set();
  }

  record& book;
  monotonic_clock time;
  net::event done;
  net::alarm alarm;
};

net::awaitable<void> rings(net::loop& on, record& book) {
  bell b(on, book);
  b.alarm.set(b.time.now() + std::chrono::hours(1));
  b.set();
  co_await b.done.wait();
}

/// The other is set behind the one that is stopped, for the same time.
net::awaitable<void> stops(net::loop& on, record& of_stopped, record& of_other) {
  bell stopped(on, of_stopped);
  bell other(on, of_other);
  stopped.set();
  other.set();
  stopped.alarm.stop();
  co_await other.done.wait();
}

}  // namespace

TEST_CASE("an alarm rings once each time it is set, never before its time, and forgets what was set before") {
  monotonic_clock const time;
  record book;
  testing::run_loop(time, [&](net::loop& on) { return rings(on, book); });
  REQUIRE(book.rung.size() == 3);
  for (std::size_t i = 0; i < 3; ++i) CHECK(book.rung[i] >= book.wanted[i]);
}

TEST_CASE("an alarm that was stopped does not ring") {
  monotonic_clock const time;
  record of_stopped;
  record of_other;
  testing::run_loop(time, [&](net::loop& on) { return stops(on, of_stopped, of_other); });
  CHECK(of_stopped.rung.empty());
  CHECK(of_other.rung.size() == 3);
}
