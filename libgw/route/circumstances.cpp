#include "route/circumstances.hpp"

#include "wire/control_message.hpp"
#include "wire/strict_head_lexis.hpp"

#include <algorithm>
#include <utility>

namespace gw::route {
namespace {

using item = circumstances::item;

std::string decode_query(std::string_view text) {
  std::string decoded;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '%' && i + 2 < text.size()) {
      auto const high = wire::hex_digit(text[i + 1]);
      auto const low = wire::hex_digit(text[i + 2]);
      if (high >= 0 && low >= 0) {
        decoded += static_cast<char>(high * 16 + low);
        i += 2;
        continue;
      }
    }
    decoded += text[i] == '+' ? ' ' : text[i];
  }
  return decoded;
}

/// Cuts the front of `text` off, up to the next `separator`, which goes too.
std::string_view cut(std::string_view& text, char separator) {
  auto const part = text.substr(0, text.find(separator));
  text.remove_prefix(std::min(text.size(), part.size() + 1));
  return part;
}

bool asks_for(std::vector<std::string> const& names, std::string_view name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

void keep_first(std::vector<item>& items, std::string_view name, std::string value) {
  if (!value_of(items, name)) items.push_back({std::string(name), std::move(value)});
}

void keep_header(std::vector<item>& headers, std::string const& name, wire::head_fields const& head) {
  std::optional<std::string> joined;
  for (auto const& field : head.fields) {
    if (!wire::same_name(field.name, name)) continue;
    if (joined) joined->append(", ").append(field.value);
    if (!joined) joined.emplace(field.value);
  }
  if (joined) headers.push_back({name, *std::move(joined)});
}

void keep_query(std::vector<item>& parameters, std::vector<std::string> const& names, std::string_view query) {
  while (!query.empty()) {
    auto value = cut(query, '&');
    auto const name = decode_query(cut(value, '='));
    if (asks_for(names, name)) keep_first(parameters, name, decode_query(value));
  }
}

void keep_cookies(std::vector<item>& cookies, std::vector<std::string> const& names, wire::head_fields const& head) {
  for (auto const& field : head.fields) {
    if (!wire::same_name(field.name, "Cookie")) continue;
    auto rest = field.value;
    while (!rest.empty()) {
      auto value = cut(rest, ';');
      auto const name = wire::trim(cut(value, '='));
      if (asks_for(names, name)) keep_first(cookies, name, std::string(wire::trim(value)));
    }
  }
}

}  // namespace

std::optional<std::string_view> value_of(std::vector<item> const& items, std::string_view name) {
  for (auto const& one : items) {
    if (one.name == name) return one.value;
  }
  return std::nullopt;
}

circumstances circumstances_of(questions const& asked, handshake const& from) {
  circumstances kept;
  kept.control = from.subprotocol == wire::control_protocol;
  if (!asked.any()) return kept;
  if (asked.path) kept.path = from.target.path;
  if (asked.subprotocol) kept.subprotocol = from.subprotocol;
  if (asked.client) kept.client = config::parse_ip(from.client);
  if (asked.user && from.user) kept.user.emplace(*from.user);
  for (auto const& name : asked.headers) keep_header(kept.headers, name, from.head);
  if (!asked.query.empty()) keep_query(kept.query, asked.query, from.target.query);
  if (!asked.cookies.empty()) keep_cookies(kept.cookies, asked.cookies, from.head);
  return kept;
}

circumstances_ptr shared_circumstances_of(questions const& asked, handshake const& from) {
  if (!asked.any()) return unasked(from.subprotocol == wire::control_protocol);
  return std::make_shared<circumstances const>(circumstances_of(asked, from));
}

circumstances_ptr unasked(bool control) {
  static circumstances const of_many{};
  static circumstances const of_controllers{.control = true};
  return {circumstances_ptr(), control ? &of_controllers : &of_many};
}

}  // namespace gw::route
