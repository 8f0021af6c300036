#include "route/network.hpp"

#include <arpa/inet.h>

#include <algorithm>
#include <charconv>
#include <cstring>

namespace gw::route {
namespace {

constexpr std::array<std::uint8_t, 12> mapped = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};

bool is_ipv4(ip const& address) {
  return std::equal(mapped.begin(), mapped.end(), address.bytes.begin());
}

}  // namespace

std::optional<ip> parse_ip(std::string_view text) {
  std::array<char, INET6_ADDRSTRLEN> terminated{};
  if (text.size() >= terminated.size() || text.find('\0') != text.npos) return std::nullopt;
  std::copy(text.begin(), text.end(), terminated.begin());
  ip parsed;
  if (inet_pton(AF_INET6, terminated.data(), parsed.bytes.data()) == 1) return parsed;
  std::copy(mapped.begin(), mapped.end(), parsed.bytes.begin());
  if (inet_pton(AF_INET, terminated.data(), parsed.bytes.data() + mapped.size()) == 1) return parsed;
  return std::nullopt;
}

std::string to_text(ip const& address) {
  std::array<char, INET6_ADDRSTRLEN> text{};
  if (is_ipv4(address)) {
    inet_ntop(AF_INET, address.bytes.data() + mapped.size(), text.data(), text.size());
  } else {
    inet_ntop(AF_INET6, address.bytes.data(), text.data(), text.size());
  }
  return text.data();
}

std::optional<network> network::parse(std::string_view text) {
  auto const slash = text.find('/');
  auto const base = parse_ip(text.substr(0, slash));
  if (!base) return std::nullopt;
  network parsed;
  parsed.base_ = *base;
  parsed.text_ = text;
  if (slash == text.npos) return parsed;
  bool const v4 = text.substr(0, slash).find(':') == text.npos;
  auto const digits = text.substr(slash + 1);
  unsigned bits = 0;
  auto const [end, fault] = std::from_chars(digits.data(), digits.data() + digits.size(), bits);
  if (fault != std::errc{} || end != digits.data() + digits.size() || bits > (v4 ? 32U : 128U)) return std::nullopt;
  parsed.prefix_ = v4 ? bits + 96 : bits;
  return parsed;
}

bool network::contains(ip const& address) const noexcept {
  auto const whole = prefix_ / 8;
  if (std::memcmp(address.bytes.data(), base_.bytes.data(), whole) != 0) return false;
  auto const left = prefix_ % 8;
  if (left == 0) return true;
  return ((address.bytes[whole] ^ base_.bytes[whole]) >> (8 - left)) == 0;
}

}  // namespace gw::route
