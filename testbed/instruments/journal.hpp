// What a load client saw, one line per event, in the order of events. Written by ledger_load, read by ledger_check.
#pragma once

#include "core/clock.hpp"
#include "core/error.hpp"
#include "net/unique_fd.hpp"

#include <fmt/format.h>

#include <string>
#include <utility>

namespace gw::testbed {

/// The lines:
///
///   O CLIENT SESSION T                                          a session is open
///   S CLIENT SESSION SEQ SERVICE N T                            a message was sent
///   A CLIENT SESSION OF_CLIENT OF_SESSION SERVICE N INSTANCE T  an answer came, and what it says of its message
///   E CLIENT SESSION SEQ SEQ_TO CODE SENT T                     an error frame for these messages; SENT: perhaps taken
///   N CLIENT SESSION SERVICE EPOCH LAST_SEQ CLOSE_CODE T        a channel was told to have ended
///   B CLIENT SESSION T                                          a message came that nobody can have sent
///   C CLIENT SESSION CODE T                                     the session was ended from outside
///   F CLIENT SESSION T                                          the client ended it
///
/// T: monotonic microseconds, comparable among the processes of one machine.
class journal {
 public:
  /// An empty path: nothing is kept. errc::io.
  static result<journal> create(std::string const& path);

  /// Appends a line and the time.
  template <class... Args>
  void write(time_point now, fmt::format_string<Args...> form, Args&&... args) {
    if (!fd_) return;
    fmt::format_to(std::back_inserter(waiting_), form, std::forward<Args>(args)...);
    fmt::format_to(std::back_inserter(waiting_), " {}\n",
                   std::chrono::duration_cast<std::chrono::microseconds>(now.time_since_epoch()).count());
    if (waiting_.size() > flush_at) flush();
  }

  /// Hands everything to the kernel; a disk that is full is remembered.
  void flush();
  bool complete() const noexcept { return complete_; }

 private:
  static constexpr std::size_t flush_at = 64 * 1024;

  net::unique_fd fd_;
  std::string waiting_;
  bool complete_ = true;
};

}  // namespace gw::testbed
