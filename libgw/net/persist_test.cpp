#include "net/persist.hpp"

#include "net/task_group.hpp"
#include "testing/catch.hpp"

#include <new>

using namespace std::chrono_literals;

TEST_CASE("a job that fails is done again a moment later, and ends when it has come to its end") {
  gw::manual_clock time;
  gw::net::loop on(time);
  gw::net::task_group running(on.where());
  int tries = 0;
  auto const job = [&tries]() -> gw::net::awaitable<void> {
    if (++tries < 3) throw std::bad_alloc();
    co_return;
  };
  auto const settle = [&on] {
    on.io.restart();
    on.io.poll();
  };
  running.spawn(gw::net::persist(on, job, "job"));
  settle();
  CHECK(tries == 1);
  for (int i = 2; i <= 3; ++i) {
    CHECK(running.size() == 1);
    time.advance(2s);
    on.wheel.advance();
    settle();
    CHECK(tries == i);
  }
  CHECK(running.size() == 0);
  on.shut_down();
}
