#include "net/event.hpp"

#include <boost/asio/async_result.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <cassert>

namespace gw::net {

namespace asio = boost::asio;
using token = asio::use_awaitable_t<executor>;

template <class Handler>
struct event::waiter_of final : event::waiter {
  explicit waiter_of(Handler&& to_resume) : handler(std::move(to_resume)) {}
  void resume() override { handler(); }
  Handler handler;
};

struct event::initiation {
  event* self;
  template <class Handler>
  void operator()(Handler&& handler) {
    assert(!self->waiter_ && "one waiter at a time");
    if (self->set_) return asio::post(self->where_, std::forward<Handler>(handler));
    self->waiter_ = std::make_unique<waiter_of<std::decay_t<Handler>>>(std::forward<Handler>(handler));
  }
};

void event::set() noexcept {
  set_ = true;
  if (!waiter_) return;
  auto resume = [waiting = std::move(waiter_)] { waiting->resume(); };
  asio::post(where_, std::move(resume));
}

awaitable<void> event::wait() {
  token const completion{};
  return asio::async_initiate<token const&, void()>(initiation{this}, completion);
}

}  // namespace gw::net
