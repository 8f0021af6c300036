#include "net/condition_variable.hpp"

namespace gw::net {

awaitable<void> condition_variable::wait_for(duration at_most) {
  waiter self(where_.where());
  waiting_.push_back(self);
  timer limit(
      where_.wheel, [](void* w) { static_cast<waiter*>(w)->woken.set(); }, &self);
  limit.start(at_most);
  co_await self.woken.wait();
}

void condition_variable::notify_all() noexcept {
  for (auto& w : waiting_) w.woken.set();
}

}  // namespace gw::net
