#include "config/address.hpp"

#include <arpa/inet.h>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>

namespace gw::config {
namespace {

constexpr std::size_t longest_unix_path = 107;  // sockaddr_un
constexpr std::size_t longest_host = 253;
constexpr std::size_t longest_service = 63;

error fault(std::string what) {
  return {.code = errc::bad_config, .context = std::move(what), .cause = {}};
}

bool is_alphanumeric(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

bool is_literal(int family, std::string_view text) {
  std::array<unsigned char, 16> bytes{};
  return text.find('\0') == text.npos && inet_pton(family, std::string(text).c_str(), bytes.data()) == 1;
}

bool is_host_name(std::string_view host) {
  bool const plain = std::all_of(host.begin(), host.end(),
                                 [](char c) { return is_alphanumeric(c) || c == '.' || c == '-' || c == '_'; });
  // "1.2.3" or "300.1.1.1" is a mistyped address and never a name.
  bool const numeric = host.find_first_not_of("0123456789.") == host.npos;
  return plain && !numeric && host.size() <= longest_host && host.front() != '.' && host.front() != '-' &&
         host.find("..") == host.npos;
}

std::optional<std::uint16_t> parse_port(std::string_view text) {
  std::uint16_t port = 0;
  auto const* const end = text.data() + text.size();
  auto const [stop, ec] = std::from_chars(text.data(), end, port);
  if (ec != std::errc{} || stop != end) return std::nullopt;
  return port;
}

constexpr std::size_t longest_address = INET6_ADDRSTRLEN;
constexpr unsigned mapped_bits = 96;  // before an IPv4 address in IPv6, RFC 4291 section 2.5.5.2

/// `address` with zeros behind the first `bits`.
ip_bytes masked(ip_bytes address, unsigned bits) noexcept {
  for (unsigned i = 0; i < address.size(); ++i) {
    auto const kept = bits >= i * 8 + 8 ? 8U : bits <= i * 8 ? 0U : bits - i * 8;
    address[i] = static_cast<unsigned char>(address[i] & (0xff00U >> kept));
  }
  return address;
}

struct halves {
  std::string_view host;
  std::string_view port;
  bool bracketed;
};

std::optional<halves> split(std::string_view text) {
  if (text.starts_with('[')) {
    auto const end = text.find("]:");
    if (end == text.npos) return std::nullopt;
    return halves{text.substr(1, end - 1), text.substr(end + 2), true};
  }
  auto const colon = text.find(':');
  if (colon == text.npos || text.find(':', colon + 1) != text.npos) return std::nullopt;
  return halves{text.substr(0, colon), text.substr(colon + 1), false};
}

}  // namespace

bool is_ip_literal(std::string_view text) {
  return is_literal(AF_INET, text) || is_literal(AF_INET6, text);
}

std::optional<ip_bytes> parse_ip(std::string_view text) noexcept {
  std::array<char, longest_address + 1> terminated{};
  if (text.size() > longest_address || text.find('\0') != text.npos) return std::nullopt;
  std::copy(text.begin(), text.end(), terminated.begin());
  ip_bytes bytes{};
  if (inet_pton(AF_INET6, terminated.data(), bytes.data()) == 1) return bytes;
  if (inet_pton(AF_INET, terminated.data(), bytes.data() + mapped_bits / 8) != 1) return std::nullopt;
  bytes[10] = bytes[11] = 0xff;
  return bytes;
}

std::string to_text(ip_bytes const& ip) {
  constexpr ip_bytes mapped = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
  bool const is_v4 = std::equal(mapped.begin(), mapped.begin() + mapped_bits / 8, ip.begin());
  std::array<char, longest_address> text{};
  inet_ntop(is_v4 ? AF_INET : AF_INET6, ip.data() + (is_v4 ? mapped_bits / 8 : 0), text.data(), text.size());
  return text.data();
}

bool cidr::contains(ip_bytes const& ip) const noexcept {
  return masked(ip, bits_) == network_;
}

bool cidr::contains(std::string_view ip) const noexcept {
  auto const address = parse_ip(ip);
  return address && contains(*address);
}

result<cidr> parse_cidr(std::string_view text) {
  auto const slash = text.find('/');
  auto const ip = text.substr(0, slash);
  auto const address = parse_ip(ip);
  if (!address) {
    return fault(fmt::format("'{}' is not a network; write \"10.0.0.0/8\", \"fd00::/8\" or an address", text));
  }
  bool const is_v4 = ip.find(':') == ip.npos;
  unsigned const most = is_v4 ? 32 : 128;
  unsigned bits = most;
  if (slash != text.npos) {
    auto const* const end = text.data() + text.size();
    auto const [stop, ec] = std::from_chars(text.data() + slash + 1, end, bits);
    if (ec != std::errc{} || stop != end || bits > most) {
      return fault(fmt::format("'{}' is not the size of a network; write 0 to {}", text.substr(slash + 1), most));
    }
  }
  cidr network;
  network.bits_ = is_v4 ? bits + mapped_bits : bits;
  network.network_ = masked(*address, network.bits_);
  if (network.network_ != *address) {
    return fault(fmt::format("'{}' has bits behind the first {}; write {} alone, or the network's first address", text,
                             bits, ip));
  }
  return network;
}

result<bind_address> parse_bind(std::string_view text) {
  if (text.starts_with("unix:")) {
    auto const path = text.substr(5);
    if (!path.starts_with('/'))
      return fault(fmt::format("'{}' needs an absolute path; write \"unix:/run/x.sock\"", text));
    if (path.size() > longest_unix_path || path.find('\0') != path.npos) {
      return fault(fmt::format("the path of a UNIX socket has at most {} bytes", longest_unix_path));
    }
    return bind_address{.unix_path = std::string(path)};
  }
  auto const parts = split(text);
  if (!parts) {
    return fault(fmt::format("'{}' is not an address; write \"0.0.0.0:8080\", \"[::]:8080\" or \"unix:/path\"", text));
  }
  if (parts->host.empty()) {
    return fault(fmt::format("'{0}' names no address; write \"0.0.0.0:{1}\" or \"[::]:{1}\"", text, parts->port));
  }
  if (!is_literal(parts->bracketed ? AF_INET6 : AF_INET, parts->host)) {
    return fault(fmt::format("'{}' is not an {} address; names are not resolved here, write \"{}\"", parts->host,
                             parts->bracketed ? "IPv6" : "IPv4", parts->bracketed ? "[::]:8080" : "0.0.0.0:8080"));
  }
  auto const port = parse_port(parts->port);
  if (!port) return fault(fmt::format("'{}' is not a port; write a number from 0 to 65535", parts->port));
  return bind_address{.ip = std::string(parts->host), .port = *port};
}

result<host_port> parse_host_port(std::string_view text) {
  auto const parts = split(text);
  if (!parts) {
    return fault(fmt::format("'{}' is not an address; write \"host:9001\" or \"[::1]:9001\"", text));
  }
  bool const good = parts->bracketed
                        ? is_literal(AF_INET6, parts->host)
                        : !parts->host.empty() && (is_literal(AF_INET, parts->host) || is_host_name(parts->host));
  if (!good) {
    return fault(
        fmt::format("'{}' is neither a host name nor an {} address", parts->host, parts->bracketed ? "IPv6" : "IPv4"));
  }
  auto const port = parse_port(parts->port);
  if (!port || *port == 0) return fault(fmt::format("'{}' is not a port; write a number from 1 to 65535", parts->port));
  return host_port{std::string(parts->host), *port};
}

std::string host_port_text(std::string_view host, std::uint16_t port) {
  return host.find(':') == host.npos ? fmt::format("{}:{}", host, port) : fmt::format("[{}]:{}", host, port);
}

std::optional<std::string_view> service_of_uri(std::string_view uri) noexcept {
  constexpr std::string_view scheme = "lb://";
  if (!uri.starts_with(scheme)) return std::nullopt;
  return uri.substr(scheme.size());
}

std::string service_name_fault(std::string_view name) {
  if (name == "gateway") return "the name 'gateway' is reserved for the gateway itself; choose another";
  bool const plain = std::all_of(name.begin(), name.end(),
                                 [](char c) { return is_alphanumeric(c) || c == '.' || c == '_' || c == '-'; });
  if (name.empty() || !plain || !is_alphanumeric(name.front())) {
    return "a service name begins with a letter or digit and has letters, digits, '.', '_' and '-' only";
  }
  if (name.find("..") != name.npos) return "a service name has no '..'";
  if (name.size() > longest_service) return fmt::format("a service name has at most {} characters", longest_service);
  return {};
}

}  // namespace gw::config
