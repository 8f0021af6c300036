#include "net/http_url.hpp"

#include "core/letters.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <optional>

namespace gw::net {
namespace {

error bad(std::string_view text, std::string_view why) {
  // What stands before an @ may be a password.
  auto const at = text.rfind('@');
  return {errc::bad_config,
          side::gateway,
          fmt::format("'{}' {}; write http://host:port/path or https://host/path",
                      at == std::string_view::npos ? text : text.substr(at + 1), why),
          {}};
}

bool starts_with_word(std::string_view text, std::string_view word) {
  return same_letters(text.substr(0, word.size()), word);
}

std::optional<std::string> percent_decoded(std::string_view text) {
  std::string plain;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      plain += text[i];
      continue;
    }
    unsigned value = 0;
    auto const* const digits = text.data() + i + 1;
    if (i + 2 >= text.size() || std::from_chars(digits, digits + 2, value, 16).ptr != digits + 2) return std::nullopt;
    plain += static_cast<char>(value);
    i += 2;
  }
  return plain;
}

bool is_host_character(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '.' || c == '-' || c == '_';
}

/// Nothing: it is no host.
std::optional<std::string> host_in(std::string_view written) {
  bool const bracketed = written.starts_with('[') && written.ends_with(']') && written.size() > 2;
  auto const host = bracketed ? written.substr(1, written.size() - 2) : written;
  bool const legal = std::all_of(host.begin(), host.end(),
                                 [bracketed](char c) { return is_host_character(c) || (bracketed && c == ':'); });
  return legal && !host.empty() ? std::optional<std::string>(host) : std::nullopt;
}

}  // namespace

result<http_url> parse_http_url(std::string_view text) {
  http_url url;
  auto rest = text;
  if (starts_with_word(rest, "https://")) {
    url.secure = true;
    url.port = 443;
    rest.remove_prefix(8);
  } else if (starts_with_word(rest, "http://")) {
    rest.remove_prefix(7);
  } else {
    return bad(text, "does not begin with http:// or https://");
  }
  if (std::any_of(rest.begin(), rest.end(), [](char c) { return c <= ' ' || c == '?' || c == '#' || c >= 127; })) {
    return bad(text, "has a query, a fragment, or a character that no URL has");
  }
  auto const slash = std::min(rest.find('/'), rest.size());
  url.path = rest.substr(slash);
  while (url.path.ends_with('/')) url.path.pop_back();
  auto authority = rest.substr(0, slash);
  if (auto const at = authority.rfind('@'); at != std::string_view::npos) {
    auto const plain = percent_decoded(authority.substr(0, at));
    if (!plain) return bad(text, "has a % in its user or password that stands for nothing");
    url.credentials = *plain;
    authority.remove_prefix(at + 1);
  }
  auto const bracket = authority.rfind(']');
  auto const colon = authority.rfind(':');
  if (colon != std::string_view::npos && (bracket == std::string_view::npos || colon > bracket)) {
    auto const* const end = authority.data() + authority.size();
    auto const [stopped, failed] = std::from_chars(authority.data() + colon + 1, end, url.port);
    if (failed != std::errc() || stopped != end || url.port == 0) return bad(text, "has a port that is none");
    authority = authority.substr(0, colon);
  }
  auto host = host_in(authority);
  if (!host) return bad(text, "names no host");
  url.host = std::move(*host);
  return url;
}

std::string http_url::authority() const {
  return host.find(':') == std::string::npos ? fmt::format("{}:{}", host, port) : fmt::format("[{}]:{}", host, port);
}

std::string http_url::text() const {
  return fmt::format("{}://{}{}", secure ? "https" : "http", authority(), path);
}

}  // namespace gw::net
