// Socket addresses: parsed from configuration, printed for logs. No name resolution (see net/resolve).
#pragma once

#include "core/error.hpp"

#include <sys/socket.h>

#include <cstdint>
#include <string>
#include <string_view>

namespace gw::net {

/// An IPv4, IPv6 or UNIX socket address.
class address {
 public:
  /// "127.0.0.1:80", "[::1]:80", "unix:/path". Port 0 is allowed (the kernel chooses).
  static result<address> parse(std::string_view text);
  /// An IP literal without brackets, and a port.
  static result<address> of_ip(std::string_view ip, std::uint16_t port);
  /// The other end (or, `own`, this end) of a connected or listening socket.
  static address of_socket(int fd, bool own);

  sockaddr const* data() const noexcept { return reinterpret_cast<sockaddr const*>(&storage_); }
  socklen_t size() const noexcept { return size_; }
  int family() const noexcept { return storage_.ss_family; }
  bool is_unix() const noexcept { return family() == AF_UNIX; }

  /// Without the port; "unix" for a UNIX socket.
  std::string ip() const;
  std::uint16_t port() const noexcept;
  /// As parse() takes it.
  std::string text() const;

 private:
  sockaddr_storage storage_{};
  socklen_t size_ = 0;
};

}  // namespace gw::net
