// A flag that one coroutine can wait for. Setting it never resumes the waiter on the spot but posts it, so the data
// path may set events in the middle of a turn.
#pragma once

#include "net/awaitable.hpp"

#include <memory>

namespace gw::net {

/// One thread, one waiter at a time. Must outlive its waiter.
class event {
 public:
  explicit event(executor where) : where_(where) {}
  event(event const&) = delete;
  event& operator=(event const&) = delete;

  /// No memory for that ends the process (std::terminate): nobody may wait for ever.
  void set() noexcept;
  void clear() noexcept { set_ = false; }
  bool is_set() const noexcept { return set_; }

  /// Returns when the event is set: soon if it already is.
  awaitable<void> wait();

 private:
  struct waiter {
    virtual ~waiter() = default;
    virtual void resume() = 0;
  };
  template <class Handler>
  struct waiter_of;
  struct initiation;

  executor where_;
  bool set_ = false;
  std::unique_ptr<waiter> waiter_;
};

}  // namespace gw::net
