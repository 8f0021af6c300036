#include "tools/interruptible.hpp"

#include "net/listen.hpp"
#include "net/task_group.hpp"

#include <csignal>
#include <cstdlib>
#include <exception>
#include <utility>

namespace gw::tools {
namespace {

constexpr int status_interrupted = 130;

net::awaitable<void> obey(net::signals& ends, interruption const& by) {
  int const first = co_await ends.next();
  if (first == 0) co_return;
  by.first();
  int const second = co_await ends.next();
  if (second == 0) co_return;
  by.second();
  std::_Exit(status_interrupted);
}

}  // namespace

net::awaitable<void> interruptible(net::loop& on, net::awaitable<void> work, interruption by) {
  net::signals ends(on.where(), {SIGINT, SIGTERM});
  net::task_group watching(on.where());
  watching.spawn(obey(ends, by));
  std::exception_ptr failure;
  try {
    co_await std::move(work);
  } catch (...) {  // who watches has to end before that goes on
    failure = std::current_exception();
  }
  ends.close();
  co_await watching.join();
  if (failure) std::rethrow_exception(failure);
}

}  // namespace gw::tools
