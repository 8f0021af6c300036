#include "tools/websocket_url.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

namespace gw::tools {
namespace {

constexpr std::string_view how = "; write ws://127.0.0.1:8080/path";

std::uint16_t default_port(bool secure) {
  return secure ? 443 : 80;
}

bool is_host_character(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '.' || c == '_';
}

bool is_ipv6_character(char c) {
  return (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F') || (c >= '0' && c <= '9') || c == ':' || c == '.';
}

result<std::uint16_t> parse_port(std::string_view digits) {
  std::uint16_t port = 0;
  auto const [end, failed] = std::from_chars(digits.data(), digits.data() + digits.size(), port);
  if (failed != std::errc() || end != digits.data() + digits.size() || port == 0) {
    return error{errc::bad_usage, side::client, fmt::format("'{}' is not a port (1 to 65535)", digits), {}};
  }
  return port;
}

}  // namespace

std::string websocket_url::host_field() const {
  auto const name = host.find(':') == std::string::npos ? host : fmt::format("[{}]", host);
  return port == default_port(secure) ? name : fmt::format("{}:{}", name, port);
}

result<websocket_url> parse_websocket_url(std::string_view text) {
  auto const refuse = [&](std::string_view why) {
    return error{errc::bad_usage, side::client, fmt::format("'{}' {}{}", text, why, how), {}};
  };
  bool const secure = text.starts_with("wss://");
  std::string_view const scheme = secure ? "wss://" : "ws://";
  if (!text.starts_with(scheme)) return refuse("does not begin with ws:// or wss://");
  auto const rest = text.substr(scheme.size());
  auto const slash = std::min(rest.find_first_of("/?#"), rest.size());
  auto const authority = rest.substr(0, slash);
  auto const target = rest.substr(slash);
  auto const in_target = [](char c) { return c > ' ' && c < '\x7f' && c != '#'; };
  if (!std::all_of(target.begin(), target.end(), in_target))
    return refuse("has a fragment, a space or a bad character");
  if (authority.find('@') != std::string_view::npos) return refuse("names a user; use -H 'Authorization: ...'");

  websocket_url url;
  url.secure = secure;
  url.port = default_port(secure);
  bool const bracketed = authority.starts_with('[');
  auto const host_end = bracketed ? authority.find(']') : std::min(authority.find(':'), authority.size());
  if (host_end == std::string_view::npos) return refuse("has a '[' without its ']'");
  url.host = authority.substr(bracketed ? 1 : 0, bracketed ? host_end - 1 : host_end);
  auto const behind = authority.substr(bracketed ? host_end + 1 : host_end);
  if (url.host.empty()) return refuse("names no host");
  auto const fits = bracketed ? is_ipv6_character : is_host_character;
  if (!std::all_of(url.host.begin(), url.host.end(), fits)) return refuse("has a bad character in its host");
  if (!behind.empty()) {
    if (behind.front() != ':') return refuse("has something between ']' and the port");
    auto const port = parse_port(behind.substr(1));
    if (!port) return refuse("has a bad port");
    url.port = *port;
  }
  if (!target.empty()) url.target = fmt::format("{}{}", target.front() == '?' ? "/" : "", target);
  return url;
}

}  // namespace gw::tools
