#include "tools/interruptible.hpp"

#include "net/event.hpp"
#include "testing/catch.hpp"
#include "tools/run_loop.hpp"

#include <csignal>
#include <stdexcept>

using namespace gw;

namespace {

net::awaitable<void> until(net::event& happened, bool fails) {
  if (fails) throw std::runtime_error("a bug");
  ::raise(SIGTERM);
  co_await happened.wait();
}

int interrupted(bool fails) {
  monotonic_clock const time;
  net::loop on(time);
  net::event happened(on.where());
  int times = 0;
  auto const first = [&] {
    ++times;
    happened.set();
  };
  tools::run_loop(on, tools::interruptible(on, until(happened, fails), {.first = first}));
  return times;
}

}  // namespace

TEST_CASE("A first signal ends the work, which is told of it") {
  CHECK(interrupted(false) == 1);
}

TEST_CASE("What escapes from work that signals may end is thrown on, and nobody goes on watching") {
  CHECK_THROWS_WITH(interrupted(true), "a bug");
}
