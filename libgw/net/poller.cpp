#include "net/poller.hpp"

#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/post.hpp>

#include <sys/epoll.h>

#include <array>
#include <cassert>
#include <cerrno>
#include <system_error>

namespace gw::net {

namespace asio = boost::asio;

namespace {

// A turn ends after this much, so that timers, accepts and life cycles run between turns.
constexpr std::size_t bytes_per_turn = 4 * 1024 * 1024;
constexpr std::size_t peers_per_turn = 64;
constexpr std::size_t events_at_once = 256;
constexpr int calls_per_turn = 16;
// With so many at once the next are not far, and whoever spins takes them in smaller, dearer turns.
constexpr int busy_turn = 8;

}  // namespace

struct poller::wake_up {
  wake_up(executor where, int fd) : descriptor(where, fd) {}
  ~wake_up() { descriptor.release(); }  // the poller owns the descriptor
  asio::posix::basic_stream_descriptor<executor> descriptor;
};

poller::poller(executor where, clock const& time) : where_(where), time_(time), epoll_(::epoll_create1(EPOLL_CLOEXEC)) {
  if (!epoll_) throw std::system_error(errno, std::system_category(), "epoll_create1");
  wake_up_ = std::make_unique<wake_up>(where, epoll_.get());
}

poller::~poller() {
  assert(watched_ == 0 && "every socket is removed before its poller goes");
}

result<> poller::add(int fd, pollable& who) {
  if (auto added = control(EPOLL_CTL_ADD, fd, who); !added) return added;
  ++watched_;
  if (!in_turn_) schedule();
  return {};
}

result<> poller::hand_over(int fd, pollable& from, pollable& to) {
  if (auto changed = control(EPOLL_CTL_MOD, fd, to); !changed) return changed;
  to.may_be_readable_ = from.may_be_readable_;
  to.may_be_writable_ = from.may_be_writable_;
  to.hung_up_ = from.hung_up_;
  from.leave();
  if (to.may_be_readable_) make_ready(to);
  return {};
}

void poller::remove(int fd, pollable& who) noexcept {
  epoll_event unused{};
  ::epoll_ctl(epoll_.get(), EPOLL_CTL_DEL, fd, &unused);
  --watched_;
  who.leave();
}

result<> poller::control(int operation, int fd, pollable& who) {
  epoll_event wanted{};
  wanted.events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET;
  wanted.data.ptr = &who;
  if (::epoll_ctl(epoll_.get(), operation, fd, &wanted) == 0) return {};
  return error{errc::io, side::gateway, "epoll_ctl", {errno, std::system_category()}};
}

void poller::make_ready(pollable& who) {
  if (!who.poll_hook<ready_tag>::is_linked()) ready_.push_back(who);
  if (!in_turn_) schedule();
}

void poller::touch(pollable& who) {
  if (!who.poll_hook<touched_tag>::is_linked()) touched_.push_back(who);
  if (!in_turn_) schedule();
}

void poller::turn() {
  assert(!in_turn_);
  in_turn_ = true;
  collect();
  read_some();
  flush_all();
  in_turn_ = false;
  schedule();
}

void poller::collect() {
  std::array<epoll_event, events_at_once> events;
  int found = 0;
  full_ = true;
  for (int calls = 0; full_ && calls < calls_per_turn; ++calls) {
    auto const n = ::epoll_wait(epoll_.get(), events.data(), static_cast<int>(events.size()), 0);
    for (int i = 0; i < n; ++i)
      note(*static_cast<pollable*>(events[static_cast<std::size_t>(i)].data.ptr),
           events[static_cast<std::size_t>(i)].events);
    full_ = n == static_cast<int>(events.size());
    found += n;
  }
  if (spin_ != duration::zero() && found > 0) spins_until_ = found < busy_turn ? time_.now() + spin_ : time_point();
}

void poller::note(pollable& who, std::uint32_t edges) {
  if ((edges & (EPOLLIN | EPOLLRDHUP | EPOLLHUP | EPOLLERR)) != 0) {
    who.may_be_readable_ = true;
    who.hung_up_ = who.hung_up_ || (edges & (EPOLLRDHUP | EPOLLHUP | EPOLLERR)) != 0;
    if (!who.poll_hook<ready_tag>::is_linked()) who.goes_first_ ? ready_.push_front(who) : ready_.push_back(who);
  }
  if ((edges & (EPOLLOUT | EPOLLHUP | EPOLLERR)) != 0 && !who.may_be_writable_) {
    who.may_be_writable_ = true;
    if (!who.poll_hook<touched_tag>::is_linked()) touched_.push_back(who);
  }
}

void poller::read_some() {
  std::size_t bytes = 0;
  for (std::size_t readers = 0; readers < peers_per_turn && bytes < bytes_per_turn && !ready_.empty();) {
    auto& who = ready_.front();
    ready_.pop_front();
    if (!who.goes_first_) ++readers;  // the others only pass the word on
    bytes += who.on_ready(buffer_.bytes());
  }
}

void poller::flush_all() {
  // A flush may touch another peer (an owner's queue fell below its mark and it answers): that one is flushed too.
  while (!touched_.empty()) {
    auto& who = touched_.front();
    touched_.pop_front();
    who.on_flush();
  }
}

void poller::schedule() {
  if (closed_ || scheduled_) return;
  if (full_ || !ready_.empty() || !touched_.empty() || spinning()) {
    asio::post(where_, [this] {
      scheduled_ = false;
      turn();
    });
    scheduled_ = true;  // unless there was no memory for that
    return;
  }
  if (waiting_) return;
  // Waiting re-arms Asio's registration, which reports a set that already has events: no edge is lost.
  wake_up_->descriptor.async_wait(asio::posix::descriptor_base::wait_read, [this](boost::system::error_code failed) {
    waiting_ = false;
    if (!failed) turn();
  });
  waiting_ = true;
}

void poller::shut_down() noexcept {
  closed_ = true;
  boost::system::error_code ignored;
  wake_up_->descriptor.cancel(ignored);
}

}  // namespace gw::net
