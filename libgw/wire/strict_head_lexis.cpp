#include "wire/strict_head_lexis.hpp"

#include "core/trimmed.hpp"

#include <arpa/inet.h>

#include <algorithm>
#include <array>
#include <charconv>

namespace gw::wire {
namespace {

constexpr bool is_digit(char c) noexcept {
  return c >= '0' && c <= '9';
}
constexpr bool is_alnum(char c) noexcept {
  return is_digit(c) || (lower(c) >= 'a' && lower(c) <= 'z');
}

constexpr auto token_chars = [] {
  std::array<bool, 256> table{};
  for (unsigned c = 0; c < 128; ++c) {
    char const as_char = static_cast<char>(c);
    table[c] = is_alnum(as_char) || std::string_view("!#$%&'*+-.^_`|~").find(as_char) != std::string_view::npos;
  }
  return table;
}();

bool is_v6_literal(std::string_view host) {
  if (host.size() < 4 || host.size() > INET6_ADDRSTRLEN + 1 || host.front() != '[' || host.back() != ']') return false;
  std::string const address(host.substr(1, host.size() - 2));
  if (address.find('\0') != std::string::npos) return false;
  in6_addr out{};
  return ::inet_pton(AF_INET6, address.c_str(), &out) == 1;
}

bool is_host_name(std::string_view host) noexcept {
  return !host.empty() && host.size() <= 255 && std::all_of(host.begin(), host.end(), [](char c) {
    return is_alnum(c) || c == '-' || c == '.' || c == '_' || c == '~';
  });
}

}  // namespace

bool is_token_char(char c) noexcept {
  return token_chars[static_cast<unsigned char>(c)];
}

bool is_token(std::string_view text) noexcept {
  return !text.empty() && std::all_of(text.begin(), text.end(), is_token_char);
}

bool is_field_value(std::string_view text) noexcept {
  return std::all_of(text.begin(), text.end(), [](char c) {
    auto const byte = static_cast<unsigned char>(c);
    return (byte >= 0x20 && byte != 0x7F) || byte == '\t';
  });
}

bool is_origin_form(std::string_view target) noexcept {
  return target.starts_with('/') && !target.starts_with("//") &&
         std::all_of(target.begin(), target.end(), [](char c) { return c > 0x20 && c < 0x7F && c != '#'; });
}

bool is_digits(std::string_view text) noexcept {
  return !text.empty() && std::all_of(text.begin(), text.end(), is_digit);
}

bool same_name(std::string_view a, std::string_view b) noexcept {
  return same_letters(a, b);
}

bool has_prefix(std::string_view text, std::string_view prefix) noexcept {
  return same_name(text.substr(0, prefix.size()), prefix);
}

std::string_view trim(std::string_view text) noexcept {
  return trimmed(text, " \t");
}

std::optional<std::string_view> next_element(std::string_view& list) noexcept {
  if (list.data() == nullptr) return std::nullopt;
  auto const comma = list.find(',');
  auto const element = trim(list.substr(0, comma));
  if (comma == std::string_view::npos) {
    list = {};
  } else {
    list.remove_prefix(comma + 1);
  }
  return element;
}

std::optional<authority> parse_authority(std::string_view text) {
  authority out;
  auto const host_end = text.starts_with('[') ? text.find(']') + 1 : std::min(text.find(':'), text.size());
  out.host = text.substr(0, host_end);
  if (!is_v6_literal(out.host) && !is_host_name(out.host)) return std::nullopt;
  auto const rest = text.substr(host_end);
  if (rest.empty()) return out;
  auto const digits = rest.substr(1);
  if (rest.front() != ':' || !is_digits(digits)) return std::nullopt;
  std::uint16_t port = 0;
  auto const [end, failure] = std::from_chars(digits.data(), digits.data() + digits.size(), port);
  if (failure != std::errc{} || end != digits.data() + digits.size() || port == 0) return std::nullopt;
  out.port = port;
  return out;
}

std::string_view host_of(std::string_view authority) noexcept {
  auto const parsed = parse_authority(authority);
  return parsed ? parsed->host : std::string_view();
}

}  // namespace gw::wire
