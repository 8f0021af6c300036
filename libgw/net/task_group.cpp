#include "net/task_group.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/post.hpp>

#include <algorithm>
#include <cassert>
#include <new>
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

namespace {

struct row {
  std::size_t count;
  std::function<awaitable<void>(std::size_t)> task;
  std::size_t next = 0;
};

awaitable<void> take_turns(row& of) {
  while (of.next < of.count) co_await of.task(of.next++);
}

}  // namespace

awaitable<void> side_by_side(executor where, std::size_t count, std::size_t at_once,
                             std::function<awaitable<void>(std::size_t)> task) {
  row all{count, std::move(task)};
  task_group running(where);
  for (std::size_t i = 0; i < std::min(count, at_once); ++i) {
    try {
      running.spawn(take_turns(all));
    } catch (std::bad_alloc const&) {
      if (i == 0) throw;
      break;  // those that run take all the turns
    }
  }
  co_await running.join();
}

awaitable<void> or_terminate(awaitable<void> task) {
  try {
    co_await std::move(task);
  } catch (...) {
    std::terminate();
  }
}

}  // namespace gw::net
