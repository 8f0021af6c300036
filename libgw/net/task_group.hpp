// Structured concurrency: whoever spawns, joins. The group is the only way to start a coroutine that nobody awaits.
#pragma once

#include "net/awaitable.hpp"
#include "net/event.hpp"

#include <cstddef>
#include <exception>
#include <functional>

namespace gw::net {

/// One thread. Must be empty when it is destroyed: `run()` = body, then always `co_await group.join()`.
class task_group {
 public:
  explicit task_group(executor where) : where_(where), empty_(where) { empty_.set(); }
  ~task_group();
  task_group(task_group const&) = delete;
  task_group& operator=(task_group const&) = delete;

  /// Starts `task` soon (by post: never inside the caller's turn). No memory for that ends the process
  /// (std::terminate): half a task is nobody's.
  void spawn(awaitable<void> task) noexcept;

  /// Waits until no task is left, then rethrows the first exception that escaped from one (a bug, or no memory).
  awaitable<void> join();

  std::size_t size() const noexcept { return running_; }

 private:
  void finished(std::exception_ptr failure) noexcept;

  executor where_;
  event empty_;
  std::size_t running_ = 0;
  std::exception_ptr first_failure_;
};

/// Runs task(0) to task(count - 1), at most `at_once` of them at a time, and waits for all. Rethrows as join() does.
awaitable<void> side_by_side(executor where, std::size_t count, std::size_t at_once,
                             std::function<awaitable<void>(std::size_t)> task);

/// A task that others rely on to be done: an exception that escapes from it ends the process (std::terminate).
awaitable<void> or_terminate(awaitable<void> task);

}  // namespace gw::net
