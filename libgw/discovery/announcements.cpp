#include "discovery/announcements.hpp"

#include <algorithm>
#include <chrono>
#include <utility>

namespace gw::discovery {
namespace {

// A registry that fails is asked as often as one that works, at most: what is entered there stays for a while.
constexpr auto soonest_again = std::chrono::seconds(5);

}  // namespace

announcements::announcements(net::loop& where, std::unique_ptr<registrar> with, listener told)
    : loop_(where),
      registrar_(std::move(with)),
      told_(std::move(told)),
      ended_changed_(where),
      leave_is_over_(
          where.wheel, [](void* self) { static_cast<announcements*>(self)->registrar_->close(); }, this) {}

void announcements::add(entry what) {
  all_.push_back({.what = std::move(what)});
}

net::awaitable<result<>> announcements::enter() {
  entering_ = true;
  result<> done;
  for (std::size_t i = 0; i < all_.size() && done; ++i) done = co_await tend(all_[i]);
  entering_ = false;
  co_return done;
}

/// Enters or renews, and says when it is due again.
net::awaitable<result<>> announcements::tend(known& one) {
  result<> done;
  if (one.entered) {
    auto const renewed = co_await registrar_->renew(one.what);
    if (!renewed) done = renewed.error();
    one.entered = !renewed || *renewed;
  }
  if (!one.entered) {
    done = co_await registrar_->enter(one.what);
    one.entered = done.has_value();
  }
  auto const wait = done ? registrar_->period() : std::min<duration>(registrar_->period(), soonest_again);
  one.due = loop_.wheel.now() + wait;
  bool const news = !one.told || one.troubled != done.has_error();
  one.told = true;
  one.troubled = done.has_error();
  if (news && told_) told_(one.what, done);
  co_return done;
}

net::awaitable<void> announcements::keep() {
  while (!ended_) {
    auto next = loop_.wheel.now() + registrar_->period();
    for (auto& one : all_) {
      if (ended_) break;
      if (one.due <= loop_.wheel.now()) co_await tend(one);
      next = std::min(next, one.due);
    }
    auto const now = loop_.wheel.now();
    if (!ended_ && next > now) co_await ended_changed_.wait_for(next - now);
  }
  for (auto& one : all_) {
    if (!one.entered) continue;
    auto const removed = co_await registrar_->remove(one.what);
    if (!removed) break;  // it will forget them by itself
    one.entered = false;
  }
  leave_is_over_.stop();
}

void announcements::end() noexcept {
  if (std::exchange(ended_, true)) return;
  if (entering_) registrar_->close();
  leave_is_over_.start(longest_leave);
  ended_changed_.notify_all();
}

}  // namespace gw::discovery
