// IP addresses and networks as rules compare them: bytes, IPv4 in its IPv6-mapped form. Used by circumstances and by
// the condition on the client's address. Opens nothing, resolves nothing.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace gw::route {

/// Network byte order. IPv4 stands as ::ffff:a.b.c.d, so that a client of a dual-stack listener is the same client.
struct ip {
  std::array<std::uint8_t, 16> bytes{};

  friend bool operator==(ip const&, ip const&) = default;
};

/// An IPv4 or IPv6 literal without brackets, zone or port.
std::optional<ip> parse_ip(std::string_view text);

/// As parse_ip() takes it.
std::string to_text(ip const& address);

/// A CIDR: "10.1.0.0/16", "2001:db8::/32", or an address alone, which is itself. Bits behind the prefix are ignored.
class network {
 public:
  static std::optional<network> parse(std::string_view text);

  bool contains(ip const& address) const noexcept;
  /// As it was parsed.
  std::string const& text() const noexcept { return text_; }

 private:
  ip base_;
  unsigned prefix_ = 128;  // bits, of the mapped form
  std::string text_;
};

}  // namespace gw::route
