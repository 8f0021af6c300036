// The words that HTTP heads are made of: tokens, names without case, comma lists, host[:port].
// Used by the files that judge and write heads. Knows nothing of whole heads.
#pragma once

#include "core/letters.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace gw::wire {

/// tchar of RFC 9110 section 5.6.2.
bool is_token_char(char c) noexcept;

/// One or more token characters.
bool is_token(std::string_view text) noexcept;

/// What may stand in a field value: anything but control characters; HTAB may.
bool is_field_value(std::string_view text) noexcept;

/// A request target in origin-form (RFC 9112 section 3.2.1): begins with exactly one slash, printable ASCII, no `#`.
bool is_origin_form(std::string_view target) noexcept;

/// One or more decimal digits.
bool is_digits(std::string_view text) noexcept;

/// The value of a hexadecimal digit; -1 of anything else.
constexpr int hex_digit(char c) noexcept {
  if (c >= '0' && c <= '9') return c - '0';
  char const letter = lower(c);
  return letter >= 'a' && letter <= 'f' ? letter - 'a' + 10 : -1;
}

/// Equal but for the case of ASCII letters.
bool same_name(std::string_view a, std::string_view b) noexcept;

/// `text` begins with `prefix`, but for the case of ASCII letters.
bool has_prefix(std::string_view text, std::string_view prefix) noexcept;

/// Without the spaces and tabs at both ends.
std::string_view trim(std::string_view text) noexcept;

/// Cuts the next element off a comma list and returns it trimmed; it may be empty. nullopt: the list is used up.
/// An empty list has one empty element. Elements are tokens here: a quoted comma is not looked for.
/// `list` becomes a view without data when the last element was taken.
std::optional<std::string_view> next_element(std::string_view& list) noexcept;

struct authority {
  std::string_view host;              // a bracketed IPv6 address keeps its brackets
  std::optional<std::uint16_t> port;  // never 0
};

/// host, host:port, [v6] or [v6]:port, as Host and Origin carry it; nullopt if it is anything else. Stricter than RFC
/// 3986: a name is made of letters, digits and `-._~`, at most 255 of them; no percent, comma, user or empty port.
std::optional<authority> parse_authority(std::string_view text);

/// The host alone of such a text; empty if it is anything else.
std::string_view host_of(std::string_view authority) noexcept;

}  // namespace gw::wire
