// Listening sockets and the process's signals: what a server waits for besides its connections.
#pragma once

#include "core/error.hpp"
#include "net/address.hpp"
#include "net/awaitable.hpp"
#include "net/event.hpp"
#include "net/loop.hpp"

#include <initializer_list>
#include <memory>

namespace gw::net {

/// Accepts connections, a crowd by the handful, so that the loop sees to everything else in between. One thread, which
/// is that of its loop; one accept() at a time. close() ends a pending accept with errc::closed.
class listener {
 public:
  static result<std::unique_ptr<listener>> open(loop& where, address const& at);
  /// The same socket, to be waited for on another loop, which may run already: called on the thread of `from`, before
  /// its first accept(). From then on the listener belongs to the thread of `to`.
  static std::unique_ptr<listener> moved(loop& to, std::unique_ptr<listener> from);
  ~listener();

  /// The next connection: non-blocking, not yet registered anywhere. When descriptors run out it waits, without
  /// spinning, until some are free again.
  awaitable<result<unique_fd>> accept();
  void close() noexcept;
  /// Refuses connections from now on, those that wait to be accepted too, or accepts them again; the port stays ours.
  /// A UNIX socket cannot: errc::io.
  result<> refuse(bool refusing);
  /// Where it really listens (the port, if 0 was asked for).
  address const& local() const noexcept { return local_; }

 private:
  struct waiting;
  listener(loop& where, unique_fd fd);

  loop& loop_;
  unique_fd fd_;
  address local_;
  std::unique_ptr<waiting> waiting_;
  event accepting_;  // set unless it refuses
  int in_a_row_ = 0;
};

class signals {
 public:
  signals(executor where, std::initializer_list<int> which);
  ~signals();
  /// The next signal's number; 0 after close().
  awaitable<int> next();
  void close() noexcept;

 private:
  struct set;
  std::unique_ptr<set> set_;
};

}  // namespace gw::net
