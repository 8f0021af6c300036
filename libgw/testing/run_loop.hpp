// Runs a loop on the calling thread until a coroutine has finished; for tests of life cycles.
#pragma once

#include "net/loop.hpp"
#include "net/task_group.hpp"

#include <exception>
#include <functional>

namespace gw::testing {

/// Runs `body(loop)` to its end, then lets the loop run out of work. Rethrows what escapes from it.
inline void run_loop(clock const& time, std::function<net::awaitable<void>(net::loop&)> body) {
  net::loop loop(time);
  net::task_group group(loop.where());
  std::exception_ptr failure;
  auto whole = [](net::loop& l, std::function<net::awaitable<void>(net::loop&)>& f,
                  std::exception_ptr& to) -> net::awaitable<void> {
    try {
      co_await f(l);
    } catch (...) {
      to = std::current_exception();
    }
    l.shut_down();
  };
  group.spawn(whole(loop, body, failure));
  loop.io.run();
  if (failure) std::rethrow_exception(failure);
}

}  // namespace gw::testing
