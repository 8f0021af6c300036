#include "net/alarm.hpp"

#include <boost/asio/steady_timer.hpp>

namespace gw::net {

namespace asio = boost::asio;

struct alarm::wait {
  explicit wait(executor where) : timer(where) {}
  asio::basic_waitable_timer<std::chrono::steady_clock, asio::wait_traits<std::chrono::steady_clock>, executor> timer;
};

alarm::alarm(executor where, callback rings, void* owner)
    : wait_(std::make_unique<wait>(where)), rings_(rings), owner_(owner) {}

alarm::~alarm() = default;

void alarm::set(time_point at) {
  auto const number = ++latest_;
  wait_->timer.expires_at(at);
  wait_->timer.async_wait([this, number](boost::system::error_code failed) {
    if (!failed && number == latest_) rings_(owner_);
  });
}

void alarm::stop() noexcept {
  ++latest_;
  wait_->timer.cancel();
}

}  // namespace gw::net
