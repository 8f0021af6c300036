#include "tools/run_loop.hpp"

#include "net/task_group.hpp"

#include <exception>
#include <utility>

namespace gw::tools {
namespace {

net::awaitable<void> run_and_shut_down(net::loop& on, net::awaitable<void> body, std::exception_ptr& failure) {
  try {
    co_await std::move(body);
  } catch (...) {
    failure = std::current_exception();
  }
  on.shut_down();
}

}  // namespace

void run_loop(net::loop& on, net::awaitable<void> body) {
  std::exception_ptr failure;
  net::task_group root(on.where());
  root.spawn(run_and_shut_down(on, std::move(body), failure));
  on.io.run();
  if (failure) std::rethrow_exception(failure);
}

}  // namespace gw::tools
