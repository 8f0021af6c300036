// Addresses and names as they are written in the configuration: where to listen, where instances are, what a service
// may be called. Pure text: nothing is resolved or opened here. Used by the loader, net/ and gateway/.
#pragma once

#include "core/error.hpp"

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace gw::config {

/// A parsed `bind`: an IP literal and a port (0 = any free one), or the path of a UNIX socket.
struct bind_address {
  std::string ip = {};  // IPv6 without brackets; empty if `unix_path` is set
  std::uint16_t port = 0;
  std::string unix_path = {};

  friend bool operator==(bind_address const&, bind_address const&) = default;
};

/// "0.0.0.0:8080", "[::]:8080" or "unix:/run/wsgw/ws.sock". The error (bad_config) says how to write it.
result<bind_address> parse_bind(std::string_view text);

struct host_port {
  std::string host;  // IPv6 without brackets
  std::uint16_t port = 0;
};

/// "name:9001", "127.0.0.1:9001" or "[::1]:9001", the port 1 to 65535.
result<host_port> parse_host_port(std::string_view text);

/// The same text again: IPv6 hosts get their brackets.
std::string host_port_text(std::string_view host, std::uint16_t port);

bool is_ip_literal(std::string_view text);

/// An address in network byte order; IPv4 as IPv6 maps it (RFC 4291 section 2.5.5.2), so that a client of a dual-stack
/// listener is the same client.
using ip_bytes = std::array<unsigned char, 16>;

/// Of an IPv4 or IPv6 literal without brackets, zone or port.
std::optional<ip_bytes> parse_ip(std::string_view text) noexcept;

/// As parse_ip() takes it.
std::string to_text(ip_bytes const& ip);

/// A network: "10.0.0.0/8", "fd00::/8", or one address.
class cidr {
 public:
  bool contains(ip_bytes const& ip) const noexcept;
  /// The same of a literal; what is none (the peer of a UNIX socket) lies nowhere.
  bool contains(std::string_view ip) const noexcept;

  friend bool operator==(cidr const&, cidr const&) = default;

 private:
  friend result<cidr> parse_cidr(std::string_view text);

  ip_bytes network_{};
  unsigned bits_ = 0;  // 0 to 128
};

/// The error (bad_config) says how to write it; bits behind the prefix are one.
result<cidr> parse_cidr(std::string_view text);

/// The service of "lb://SERVICE"; nothing if `uri` is written otherwise.
std::optional<std::string_view> service_of_uri(std::string_view uri) noexcept;

/// Why `name` may not be the name of a service (PRODUCT.md section 3.5); empty if it may.
std::string service_name_fault(std::string_view name);

}  // namespace gw::config
