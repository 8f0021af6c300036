#include "wire/strict_head_lexis.hpp"
#include "wire/upgrade.hpp"

#include <algorithm>
#include <optional>

namespace gw::wire {
namespace {

struct origin_parts {
  std::string_view scheme;
  std::string_view host;
  std::uint16_t port = 0;  // 0: the scheme has no default and none was written
};

std::uint16_t default_port(std::string_view scheme) noexcept {
  if (same_name(scheme, "http")) return 80;
  return same_name(scheme, "https") ? 443 : 0;
}

/// RFC 6454 section 6.2: scheme://host[:port] and nothing behind it.
std::optional<origin_parts> parse_origin(std::string_view text) {
  auto const mark = text.find("://");
  if (mark == std::string_view::npos || mark == 0) return std::nullopt;
  auto const scheme = text.substr(0, mark);
  auto const place = parse_authority(text.substr(mark + 3));
  if (!place || !is_token(scheme)) return std::nullopt;
  return origin_parts{scheme, place->host, place->port.value_or(default_port(scheme))};
}

bool same_host(origin_parts const& origin, std::string_view host) {
  auto const port = default_port(origin.scheme);
  auto const ours = parse_authority(host);
  return port != 0 && ours && same_name(origin.host, ours->host) && origin.port == ours->port.value_or(port);
}

bool same_origin(origin_parts const& origin, std::string_view entry) {
  auto const listed = parse_origin(entry);
  return listed && same_name(origin.scheme, listed->scheme) && same_name(origin.host, listed->host) &&
         origin.port == listed->port;
}

}  // namespace

bool origin_allowed(std::string_view origin, std::string_view host, std::span<std::string const> allow, bool over_tls) {
  if (origin.empty() || std::find(allow.begin(), allow.end(), "*") != allow.end()) return true;
  auto const parts = parse_origin(origin);
  if (!parts) return false;
  if (allow.empty()) return same_host(*parts, host) && (!over_tls || same_name(parts->scheme, "https"));
  return std::any_of(allow.begin(), allow.end(), [&](auto const& entry) { return same_origin(*parts, entry); });
}

}  // namespace gw::wire
