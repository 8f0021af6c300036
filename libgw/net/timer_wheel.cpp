#include "net/timer_wheel.hpp"

#include "net/event.hpp"

#include <boost/asio/steady_timer.hpp>

#include <algorithm>
#include <bit>
#include <cassert>

namespace gw::net {

namespace asio = boost::asio;
using steady_timer =
    asio::basic_waitable_timer<std::chrono::steady_clock, asio::wait_traits<std::chrono::steady_clock>, executor>;

struct timer_wheel::alarm {
  explicit alarm(executor where) : timer(where) {}
  steady_timer timer;
};

timer::timer(timer_wheel& wheel, event& expired) noexcept
    : timer(
          wheel, [](void* e) { static_cast<event*>(e)->set(); }, &expired) {}

void timer::start(duration after) {
  stop();
  due_ = wheel_.ticks_at(wheel_.now() + std::max(after, duration())) + 1;  // the wheel has passed earlier slots
  wheel_.insert(*this);
  wheel_.arm();
}

void timer::stop() noexcept {
  if (running()) wheel_.remove(*this);
}

timer_wheel::timer_wheel(executor where, clock const& time, bucket_counts* late)
    : where_(where), time_(time), start_(time.now()), alarm_(std::make_unique<alarm>(where)), late_(late) {}

timer_wheel::~timer_wheel() {
  assert(count_ == 0 && "every timer is stopped before its wheel goes");
}

std::uint64_t timer_wheel::ticks_at(time_point at) const noexcept {
  return at <= start_ ? 0 : static_cast<std::uint64_t>((at - start_) / tick);
}

void timer_wheel::insert(timer& entry) noexcept {
  auto const slot = entry.due_ % slots;
  auto*& head = heads_[slot];
  if (head == nullptr) {
    head = entry.next_ = entry.prev_ = &entry;
    occupied_[slot / 64] |= std::uint64_t{1} << (slot % 64);
  } else {
    entry.next_ = head;
    entry.prev_ = head->prev_;
    head->prev_->next_ = &entry;
    head->prev_ = &entry;
  }
  ++count_;
}

void timer_wheel::remove(timer& entry) noexcept {
  auto const slot = entry.due_ % slots;
  auto*& head = heads_[slot];
  if (entry.next_ == &entry) {
    head = nullptr;
    occupied_[slot / 64] &= ~(std::uint64_t{1} << (slot % 64));
  } else {
    entry.prev_->next_ = entry.next_;
    entry.next_->prev_ = entry.prev_;
    if (head == &entry) head = entry.next_;
  }
  entry.next_ = entry.prev_ = nullptr;
  --count_;
}

void timer_wheel::advance() {
  auto const until = ticks_at(now());
  // After a long stall one revolution visits every slot; more would visit the same ones again.
  if (until > current_ + slots) current_ = until - slots;
  while (current_ < until) {
    ++current_;
    auto*& head = heads_[current_ % slots];
    if (head == nullptr) continue;
    // A callback may stop or start any timer, also in this slot: begin anew after each one that fired. Entries of a
    // later revolution are passed over by counting them.
    for (timer* entry = head; entry != nullptr;) {
      if (entry->due_ <= current_) {
        remove(*entry);
        entry->expired_(entry->owner_);
        entry = head;
      } else {
        entry = entry->next_ == head ? nullptr : entry->next_;
      }
    }
  }
  arm();
}

std::uint64_t timer_wheel::next_occupied_tick() const noexcept {
  auto const first = (current_ + 1) % slots;
  for (std::size_t step = 0; step <= slots / 64; ++step) {
    auto const word = (first / 64 + step) % (slots / 64);
    auto bits = occupied_[word];
    if (step == 0) bits &= ~std::uint64_t{0} << (first % 64);
    if (bits == 0) continue;
    auto const slot = word * 64 + static_cast<std::size_t>(std::countr_zero(bits));
    return current_ + 1 + (slot + slots - first) % slots;
  }
  return current_ + slots;
}

void timer_wheel::arm() {
  if (count_ == 0 || closed_ || !time_.runs()) return;
  auto const next = next_occupied_tick();
  if (next >= armed_for_ && armed_for_ > current_) return;
  armed_for_ = next;
  alarm_->timer.expires_after(start_ + tick * static_cast<duration::rep>(next) - now());
  alarm_->timer.async_wait([this, next](boost::system::error_code failed) {
    if (!failed) on_alarm(next);  // else armed anew for an earlier tick, or shut down
  });
}

void timer_wheel::on_alarm(std::uint64_t due) {
  // Not armed_for_: an alarm that is on its way may find the wheel armed anew.
  auto const late = now() - (start_ + tick * static_cast<duration::rep>(due));
  if (late_ != nullptr) late_->record(static_cast<std::uint64_t>(late / std::chrono::microseconds(1)));
  armed_for_ = UINT64_MAX;
  advance();
}

void timer_wheel::shut_down() noexcept {
  closed_ = true;
  alarm_->timer.cancel();
}

awaitable<void> timer_wheel::sleep(duration for_long) {
  event over(where_);
  timer alarm_clock(*this, over);
  alarm_clock.start(for_long);
  co_await over.wait();
}

}  // namespace gw::net
