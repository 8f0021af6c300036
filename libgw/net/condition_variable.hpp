// Lets coroutines wait until something they look at has changed, each for a limited time. They look again afterwards.
#pragma once

#include "net/event.hpp"
#include "net/loop.hpp"

#include <boost/intrusive/list.hpp>

namespace gw::net {

/// One thread. Must outlive those who wait.
class condition_variable {
 public:
  explicit condition_variable(loop& where) noexcept : where_(where) {}

  /// Returns behind the next notify_all(), or when `at_most` (plus up to two ticks of the wheel) has passed.
  awaitable<void> wait_for(duration at_most);
  void notify_all() noexcept;

 private:
  struct waiter : boost::intrusive::list_base_hook<boost::intrusive::link_mode<boost::intrusive::auto_unlink>> {
    explicit waiter(executor where) : woken(where) {}
    event woken;
  };

  loop& where_;
  boost::intrusive::list<waiter, boost::intrusive::constant_time_size<false>> waiting_;
};

}  // namespace gw::net
