#include "net/address.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/un.h>

#include <array>
#include <charconv>
#include <cstddef>
#include <cstring>

namespace gw::net {
namespace {

error malformed(std::string_view text) {
  return {errc::bad_config,
          side::gateway,
          "'" + std::string(text) + "' is not an address; write 127.0.0.1:8080, [::1]:8080 or unix:/path",
          {}};
}

}  // namespace

result<address> address::of_ip(std::string_view ip, std::uint16_t port) {
  address a;
  std::string const literal(ip);
  auto* const v4 = reinterpret_cast<sockaddr_in*>(&a.storage_);
  if (::inet_pton(AF_INET, literal.c_str(), &v4->sin_addr) == 1) {
    v4->sin_family = AF_INET;
    v4->sin_port = htons(port);
    a.size_ = sizeof(sockaddr_in);
    return a;
  }
  auto* const v6 = reinterpret_cast<sockaddr_in6*>(&a.storage_);
  if (::inet_pton(AF_INET6, literal.c_str(), &v6->sin6_addr) == 1) {
    v6->sin6_family = AF_INET6;
    v6->sin6_port = htons(port);
    a.size_ = sizeof(sockaddr_in6);
    return a;
  }
  return malformed(ip);
}

result<address> address::parse(std::string_view text) {
  if (text.substr(0, 5) == "unix:") {
    auto const path = text.substr(5);
    address a;
    auto* const un = reinterpret_cast<sockaddr_un*>(&a.storage_);
    if (path.empty() || path.size() >= sizeof(un->sun_path)) return malformed(text);
    un->sun_family = AF_UNIX;
    std::memcpy(un->sun_path, path.data(), path.size());
    a.size_ = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + path.size() + 1);
    return a;
  }
  auto const colon = text.rfind(':');
  if (colon == std::string_view::npos) return malformed(text);
  auto host = text.substr(0, colon);
  auto const digits = text.substr(colon + 1);
  std::uint16_t port = 0;
  auto const [end, failed] = std::from_chars(digits.data(), digits.data() + digits.size(), port);
  if (failed != std::errc() || end != digits.data() + digits.size()) return malformed(text);
  bool const bracketed = host.size() > 2 && host.front() == '[' && host.back() == ']';
  if (bracketed) host = host.substr(1, host.size() - 2);
  if (!bracketed && host.find(':') != std::string_view::npos) return malformed(text);
  auto parsed = of_ip(host, port);
  if (!parsed) return malformed(text);
  return parsed;
}

address address::of_socket(int fd, bool own) {
  address a;
  a.size_ = sizeof(a.storage_);
  auto* const to = reinterpret_cast<sockaddr*>(&a.storage_);
  if ((own ? ::getsockname(fd, to, &a.size_) : ::getpeername(fd, to, &a.size_)) != 0) a.size_ = 0;
  return a;
}

std::string address::ip() const {
  std::array<char, INET6_ADDRSTRLEN> text{};
  if (family() == AF_INET) {
    ::inet_ntop(AF_INET, &reinterpret_cast<sockaddr_in const*>(&storage_)->sin_addr, text.data(), text.size());
  } else if (family() == AF_INET6) {
    ::inet_ntop(AF_INET6, &reinterpret_cast<sockaddr_in6 const*>(&storage_)->sin6_addr, text.data(), text.size());
  } else {
    return "unix";
  }
  return text.data();
}

std::uint16_t address::port() const noexcept {
  if (family() == AF_INET) return ntohs(reinterpret_cast<sockaddr_in const*>(&storage_)->sin_port);
  if (family() == AF_INET6) return ntohs(reinterpret_cast<sockaddr_in6 const*>(&storage_)->sin6_port);
  return 0;
}

std::string address::text() const {
  if (family() == AF_INET) return ip() + ":" + std::to_string(port());
  if (family() == AF_INET6) return "[" + ip() + "]:" + std::to_string(port());
  if (size_ <= offsetof(sockaddr_un, sun_path)) return "unix:";
  return "unix:" + std::string(reinterpret_cast<sockaddr_un const*>(&storage_)->sun_path);
}

}  // namespace gw::net
