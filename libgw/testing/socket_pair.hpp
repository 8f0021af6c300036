// Two connected sockets in the real kernel, and system calls that fail on command.
#pragma once

#include "net/transport.hpp"
#include "net/unique_fd.hpp"

#include <sys/socket.h>

#include <cerrno>
#include <cstddef>
#include <stdexcept>
#include <utility>

namespace gw::testing {

inline std::pair<net::unique_fd, net::unique_fd> socket_pair() {
  int fds[2];
  if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, fds) != 0) {
    throw std::runtime_error("socketpair");
  }
  return {net::unique_fd(fds[0]), net::unique_fd(fds[1])};
}

/// The n-th call of either kind (from 1) fails with `error`.
class failing_calls final : public net::socket_calls {
 public:
  ssize_t receive(int fd, char* to, std::size_t size) noexcept override {
    if (++received_ == fail_receive) return fail();
    return net::socket_calls::receive(fd, to, size);
  }
  ssize_t send(int fd, iovec const* from, std::size_t count) noexcept override {
    if (++sent_ == fail_send) return fail();
    return net::socket_calls::send(fd, from, count);
  }

  std::size_t fail_receive = 0;  // 0 = never
  std::size_t fail_send = 0;
  int error = ECONNRESET;

 private:
  ssize_t fail() noexcept {
    errno = error;
    return -1;
  }
  std::size_t received_ = 0;
  std::size_t sent_ = 0;
};

}  // namespace gw::testing
