#include "net/loop.hpp"

#include <boost/asio/co_spawn.hpp>

#include <exception>

namespace gw::net {
namespace {

/// What escapes from the first coroutine escapes from the loop.
void rethrow(std::exception_ptr failure) {
  if (failure) std::rethrow_exception(failure);
}

}  // namespace

void loop::run(awaitable<void> main) {
  boost::asio::co_spawn(where(), std::move(main), rethrow);
  io.run();
}

/// Not until nothing is left to do: the wheel's alarm outlives the timers that it was set for.
void loop::run_until_done(awaitable<void> task) {
  bool done = false;
  auto const ended = [&done](std::exception_ptr const& failure) {
    done = true;
    rethrow(failure);
  };
  boost::asio::co_spawn(where(), std::move(task), ended);
  while (!done && io.run_one() != 0) continue;
  io.restart();
}

}  // namespace gw::net
