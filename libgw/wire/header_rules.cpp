#include "wire/header_rules.hpp"

#include "core/random.hpp"
#include "wire/strict_head_lexis.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace gw::wire {
namespace {

constexpr std::size_t max_request_id = 128;

bool matches_glob(std::string_view glob, std::string_view text) noexcept {
  std::size_t g = 0;
  std::size_t t = 0;
  std::size_t star = std::string_view::npos;  // the last one passed; it has swallowed text up to `swallowed`
  std::size_t swallowed = 0;
  while (t < text.size()) {
    if (g < glob.size() && glob[g] == '*') {
      star = g++;
      swallowed = t;
    } else if (g < glob.size() && lower(glob[g]) == lower(text[t])) {
      ++g;
      ++t;
    } else if (star != std::string_view::npos) {
      g = star + 1;
      t = ++swallowed;
    } else {
      return false;
    }
  }
  return glob.find_first_not_of('*', g) == std::string_view::npos;
}

template <std::size_t N>
bool is_one_of(std::string_view name, std::array<std::string_view, N> const& names) noexcept {
  return std::any_of(names.begin(), names.end(), [name](auto each) { return same_name(each, name); });
}

/// Fields of this connection or of the handshake itself, whose meaning ends here.
bool ends_here(std::string_view name) noexcept {
  constexpr auto names =
      std::to_array<std::string_view>({"connection", "keep-alive", "te", "trailer", "transfer-encoding", "upgrade",
                                       "host", "content-length", "expect", "http2-settings"});
  return is_one_of(name, names) || has_prefix(name, "proxy-") || has_prefix(name, "sec-websocket-");
}

std::string with_dashes(std::string_view name) {
  std::string out(name);
  std::replace(out.begin(), out.end(), '_', '-');
  return out;
}

/// What a proxy in front of us may say of the client, and nobody else.
bool describes_client(std::string_view dashed) noexcept {
  return has_prefix(dashed, "x-forwarded-") || same_name(dashed, "forwarded") || same_name(dashed, "x-real-ip");
}

/// What the gateway says itself, always in its own words.
bool is_written_here(std::string_view dashed) noexcept {
  constexpr auto names = std::to_array<std::string_view>(
      {"x-forwarded-for", "x-forwarded-proto", "x-forwarded-host", "x-request-id", "traceparent", "x-user"});
  return is_one_of(dashed, names) || has_prefix(dashed, "x-wsgw-") || has_prefix(dashed, "x-user-");
}

bool is_forwarded(request_head const& client, std::string_view name, forward_rules const& rules,
                  forwarding const& facts) {
  auto const dashed = with_dashes(name);
  if (ends_here(dashed) || is_written_here(dashed)) return false;
  if (describes_client(dashed) && !facts.peer_is_trusted) return false;
  if (same_name(dashed, "tracestate") && kept_traceparent(client).empty()) return false;
  return rules.allows(name) && !client.has_token("connection", name);
}

/// The client's only field of that name, unless its Connection disowns it.
std::string_view single(request_head const& client, std::string_view name) noexcept {
  if (client.count(name) != 1 || client.has_token("connection", name)) return {};
  return client.get(name);
}

std::string joined(request_head const& client, std::string_view name) {
  std::string out;
  for (auto const& field : client.fields) {
    if (same_name(field.name, name) && !field.value.empty()) out.append(out.empty() ? "" : ", ").append(field.value);
  }
  return out;
}

bool is_hex_id(std::string_view text) noexcept {
  return std::all_of(text.begin(), text.end(), [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); });
}

bool is_traceparent(std::string_view text) noexcept {
  // version "-" trace-id "-" parent-id "-" flags; a later version may go on behind another dash
  if (text.size() < 55 || text[2] != '-' || text[35] != '-' || text[52] != '-') return false;
  auto const version = text.substr(0, 2);
  auto const trace = text.substr(3, 32);
  auto const parent = text.substr(36, 16);
  if (!is_hex_id(version) || !is_hex_id(trace) || !is_hex_id(parent) || !is_hex_id(text.substr(53, 2))) return false;
  if (version == "ff" || (text.size() > 55 && (version == "00" || text[55] != '-'))) return false;
  return trace.find_first_not_of('0') != std::string_view::npos &&
         parent.find_first_not_of('0') != std::string_view::npos;
}

/// 2 * Bytes hexadecimal digits.
template <std::size_t Bytes>
std::string random_hex() {
  constexpr std::string_view digits = "0123456789abcdef";
  std::array<unsigned char, Bytes> bytes{};
  fill_random(bytes);
  std::string out(2 * Bytes, ' ');
  auto next = out.begin();
  for (unsigned const byte : bytes) {
    *next++ = digits[byte >> 4U];
    *next++ = digits[byte & 15U];
  }
  return out;
}

/// The first that is not empty; a fresh one if both are.
std::string choose(std::string_view kept, std::string_view known, std::string (*make)()) {
  if (!kept.empty()) return std::string(kept);
  return known.empty() ? make() : std::string(known);
}

}  // namespace

forward_rules::forward_rules(std::span<std::string const> patterns) {
  for (std::string_view pattern : patterns) {
    bool const forbids = pattern.starts_with('!');
    rules_.push_back({std::string(pattern.substr(forbids ? 1 : 0)), !forbids});
  }
}

bool forward_rules::allows(std::string_view name) const noexcept {
  auto const last =
      std::find_if(rules_.rbegin(), rules_.rend(), [name](auto const& each) { return matches_glob(each.glob, name); });
  return last != rules_.rend() && last->allow;
}

std::vector<owned_field> upstream_headers(request_head const& client, forward_rules const& rules,
                                          forwarding const& facts) {
  std::vector<owned_field> out;
  out.reserve(client.fields.size() + 5);
  for (auto const& [name, value] : client.fields) {
    if (is_forwarded(client, name, rules, facts)) out.push_back({std::string(name), std::string(value)});
  }
  std::string hops = facts.peer_is_trusted ? joined(client, "x-forwarded-for") : std::string();
  hops.append(hops.empty() ? "" : ", ").append(facts.client_ip);
  auto const believed = [&](std::string_view name, std::string_view otherwise) {
    auto const told = facts.peer_is_trusted ? client.get(name) : std::string_view();
    return std::string(told.empty() ? otherwise : told);
  };
  out.push_back({"X-Forwarded-For", std::move(hops)});
  out.push_back({"X-Forwarded-Proto", believed("x-forwarded-proto", facts.proto)});
  out.push_back({"X-Forwarded-Host", believed("x-forwarded-host", client.get("host"))});
  out.push_back({"X-Request-Id", choose(kept_request_id(client), facts.request_id, make_request_id)});
  out.push_back({"traceparent", choose(kept_traceparent(client), facts.traceparent, make_traceparent)});
  return out;
}

std::string_view kept_request_id(request_head const& client) noexcept {
  auto const id = single(client, "x-request-id");
  return is_token(id) && id.size() <= max_request_id ? id : std::string_view();
}

std::string_view kept_traceparent(request_head const& client) noexcept {
  auto const parent = single(client, "traceparent");
  return is_traceparent(parent) ? parent : std::string_view();
}

std::string make_request_id() {
  return random_hex<16>();
}

std::string make_traceparent() {
  return "00-" + random_hex<16>() + '-' + random_hex<8>() + "-01";
}

}  // namespace gw::wire
