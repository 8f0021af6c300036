#include "net/task_group.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/post.hpp>

#include <cassert>
#include <utility>

namespace gw::net {

namespace asio = boost::asio;

task_group::~task_group() {
  assert(running_ == 0 && "a task group is joined before it goes");
}

void task_group::spawn(awaitable<void> task) noexcept {
  ++running_;
  empty_.clear();
  auto start = [this, body = std::move(task)]() mutable {
    auto done = [this](std::exception_ptr failure) { finished(failure); };
    asio::co_spawn(where_, std::move(body), std::move(done));
  };
  asio::post(where_, std::move(start));
}

void task_group::finished(std::exception_ptr failure) noexcept {
  if (failure && !first_failure_) first_failure_ = failure;
  if (--running_ == 0) empty_.set();
}

awaitable<void> task_group::join() {
  // A task may spawn another one while we were being resumed.
  while (running_ != 0) co_await empty_.wait();
  if (first_failure_) std::rethrow_exception(std::exchange(first_failure_, nullptr));
}

awaitable<void> or_terminate(awaitable<void> task) {
  try {
    co_await std::move(task);
  } catch (...) {
    std::terminate();
  }
}

}  // namespace gw::net
