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

void loop::run_until_done(awaitable<void> task) {
  run(std::move(task));
  io.restart();
}

}  // namespace gw::net
