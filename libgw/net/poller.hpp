// The data path's event loop: a private edge-triggered epoll set per worker, which Asio watches as one descriptor.
// Registered once per socket; no system call, handler or allocation per message. See libgw/README.md for the turn and
// its invariant.
#pragma once

#include "core/clock.hpp"
#include "core/error.hpp"
#include "net/awaitable.hpp"
#include "net/read_buffer.hpp"
#include "net/unique_fd.hpp"

#include <boost/intrusive/list.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>

namespace gw::net {

class poller;

struct ready_tag;
struct touched_tag;
template <class Tag>
using poll_hook = boost::intrusive::list_base_hook<boost::intrusive::tag<Tag>,
                                                   boost::intrusive::link_mode<boost::intrusive::auto_unlink>>;

/// A socket that is waited for. Its functions are called inside a turn, where no pollable may be destroyed that has
/// one, and no coroutine resumed.
class pollable : public poll_hook<ready_tag>, public poll_hook<touched_tag> {
 public:
  /// Reads what it may into `buffer` (the worker's one) and handles it. Returns the bytes read.
  virtual std::size_t on_ready(std::span<char> buffer) = 0;
  /// Sends what waits, in one system call if it can. Called once per turn after everything was read.
  virtual void on_flush() = 0;

 protected:
  ~pollable() = default;

  // Edges that epoll reported and that were not used up yet. An edge comes once: it is remembered here.
  bool may_be_readable_ = false;
  bool may_be_writable_ = true;
  bool hung_up_ = false;  // the end of input was reported: it may lie behind the last bytes
  // Its edges are acted on before anybody's messages are read: what has begun is finished before more begins.
  bool goes_first_ = false;

 private:
  friend poller;

  /// No turn is its any more.
  void leave() noexcept {
    poll_hook<ready_tag>::unlink();
    poll_hook<touched_tag>::unlink();
  }
};

class poller {
 public:
  static constexpr std::size_t read_buffer_size = read_buffer::size;

  poller(executor where, clock const& time);
  ~poller();
  poller(poller const&) = delete;
  poller& operator=(poller const&) = delete;

  /// Watches `fd` for `who` until remove(). What it is ready for comes as an edge.
  result<> add(int fd, pollable& who);
  /// Watches for `to` what it watched for `from`; the edges that `from` has not used up are handed on. Fails with
  /// nothing changed.
  result<> hand_over(int fd, pollable& from, pollable& to);
  /// Not from a function of `who` itself. The descriptor must still be open.
  void remove(int fd, pollable& who) noexcept;

  /// `who` wants on_ready() in this turn or the next: it was paused and may read again.
  void make_ready(pollable& who);
  /// `who` has output: on_flush() at the end of the turn.
  void touch(pollable& who);

  /// After the last event the set is asked again and again for this long before the thread sleeps: what comes then need
  /// not wake it. Not after a busy turn, which is answered late for other reasons. 0: never.
  void spin_for(duration after_an_event) noexcept { spin_ = after_an_event; }
  /// Asks on though nothing is ready.
  bool spinning() const noexcept { return spin_ != duration::zero() && time_.now() < spins_until_; }

  bool in_turn() const noexcept { return in_turn_; }
  std::size_t watched() const noexcept { return watched_; }
  /// Turns until nothing is ready any more; for tests, which drive the poller themselves.
  void turn();

  /// Stops waiting, so that the io_context can run out of work. Nothing may be watched any more.
  void shut_down() noexcept;

 private:
  struct wake_up;  // the Asio descriptor

  void collect();
  void note(pollable& who, std::uint32_t edges);
  void read_some();
  void flush_all();
  result<> control(int operation, int fd, pollable& who);
  void schedule();

  template <class Tag>
  using list = boost::intrusive::list<pollable, boost::intrusive::base_hook<poll_hook<Tag>>,
                                      boost::intrusive::constant_time_size<false>>;

  executor where_;
  clock const& time_;
  unique_fd epoll_;
  read_buffer buffer_;
  list<ready_tag> ready_;
  list<touched_tag> touched_;
  std::size_t watched_ = 0;
  bool in_turn_ = false;
  bool full_ = false;       // the last collect() filled its array: more may be waiting
  bool scheduled_ = false;  // a turn is posted
  bool waiting_ = false;    // Asio waits for the epoll descriptor
  bool closed_ = false;
  duration spin_{};
  time_point spins_until_{};
  std::unique_ptr<wake_up> wake_up_;
};

}  // namespace gw::net
