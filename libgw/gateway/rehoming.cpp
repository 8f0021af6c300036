#include "gateway/rehoming.hpp"

#include "gateway/channel.hpp"
#include "gateway/session.hpp"
#include "gateway/worker.hpp"

#include <algorithm>
#include <new>
#include <utility>

namespace gw::gateway {
namespace {

constexpr std::chrono::milliseconds period(1'000);

/// How many of `channels` may move in so long a time.
double share_of(std::size_t channels, rate const& pace, duration time) {
  auto const percent = static_cast<double>(pace.count) * (std::chrono::duration<double>(time) / pace.per);
  return static_cast<double>(channels) * percent / 100;
}

}  // namespace

rehoming::rehoming(worker& on, std::uint32_t service)
    : worker_(on), service_(service), tick_(on.loop().wheel, on_tick, this) {}

void rehoming::enter(movable& open) {
  if (worker_.settings().services[service_].rehome.count == 0) return;
  channels_.push_back(open);
  somebody_may_leave_ = true;  // its instance may have begun to drain while it was dialled
  if (tick_.running()) return;
  looked_at_ = worker_.loop().wheel.now();
  tick_.start(period);
}

void rehoming::leave(movable& gone) noexcept {
  if (!gone.is_linked()) return;
  channels_.erase(channels_.iterator_to(gone));
  if (channels_.empty()) tick_.stop();
}

void rehoming::on_tick(void* self) {
  auto& r = *static_cast<rehoming*>(self);
  r.tick_.start(period);
  try {
    r.look();
  } catch (std::bad_alloc const&) {
    r.somebody_may_leave_ = true;  // it looks again, and nobody waits for it
  }
}

void rehoming::look() {
  auto const now = worker_.loop().wheel.now();
  auto const share =
      share_of(channels_.size(), worker_.settings().services[service_].rehome, now - std::exchange(looked_at_, now));
  allowance_ = std::min(allowance_ + share, std::max(share, 1.0));  // what nobody used is not saved up
  auto& pool = worker_.pool_of(service_);
  auto plan = pool.level(worker_.index(), now);
  if (under_way_ > 0 || (plan.is_level() && !somebody_may_leave_) || pool.available(now) == 0) return;

  somebody_may_leave_ = false;
  auto at = channels_.begin();
  for (auto left = channels_.size(); left > 0; --left) {
    auto& c = static_cast<channel&>(*at++);
    bool const may_stay = plan.may_stay_at(c.instance());
    if (!may_stay) somebody_may_leave_ = true;
    bool const quiet = c.is_quiet(now);  // it wants to be asked each time
    bool const may_go = c.chosen() == chosen_by::balancer || (c.chosen() == chosen_by::key && !may_stay);
    if (!quiet || !may_go || allowance_ < 1) continue;
    auto const next = plan.advise(c.instance());
    if (!next.goes) continue;
    channels_.splice(channels_.end(), channels_, channels_.iterator_to(c));  // should it fail, others come first
    if (c.of().move(c, next.to)) allowance_ -= 1;
  }
}

}  // namespace gw::gateway
