#include "route/handshake_routes.hpp"

#include "config/address.hpp"
#include "wire/strict_head_lexis.hpp"
#include "wire/target.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

namespace gw::route {
namespace {

error fault(config::route const& of, std::string_view key, std::string_view text) {
  return {.code = errc::bad_config, .context = fmt::format("route '{}': {}: {}", of.id, key, text), .cause = {}};
}

std::vector<std::string> split(std::string_view list) {
  std::vector<std::string> parts;
  for (;;) {
    auto const comma = list.find(',');
    parts.emplace_back(list.substr(0, comma));
    if (comma == list.npos) return parts;
    list.remove_prefix(comma + 1);
  }
}

/// Adds what "Path=/a,/b" demands; what is wrong with it otherwise.
std::optional<error> add_predicate(config::route const& of, std::string_view text, handshake_route& to) {
  auto const equals = text.find('=');
  auto const name = text.substr(0, equals);
  if (equals == text.npos) return fault(of, "predicates", fmt::format("'{}' has no '='", text));
  auto values = split(text.substr(equals + 1));
  if (name == "Path") {
    to.paths = std::move(values);
  } else if (name == "Host") {
    to.hosts = std::move(values);
  } else {
    return fault(of, "predicates", fmt::format("'{}' is unknown; write Path= or Host=", name));
  }
  return std::nullopt;
}

}  // namespace

result<handshake_routes> handshake_routes::make(std::span<config::route const> routes,
                                                std::span<std::string const> services) {
  std::vector<config::route const*> ordered;
  for (auto const& r : routes) ordered.push_back(&r);
  std::stable_sort(ordered.begin(), ordered.end(), [](auto const* a, auto const* b) { return a->order < b->order; });
  handshake_routes made;
  for (auto const* const r : ordered) {
    auto const named = config::service_of_uri(r->uri);
    if (!named) return fault(*r, "uri", fmt::format("'{}' is not lb://SERVICE", r->uri));
    auto const service = std::find(services.begin(), services.end(), *named);
    if (service == services.end()) return fault(*r, "uri", fmt::format("'{}' names no service", r->uri));
    handshake_route compiled{.id = r->id, .service = static_cast<std::uint32_t>(service - services.begin())};
    for (auto const& p : r->predicates) {
      if (auto wrong = add_predicate(*r, p, compiled)) return *std::move(wrong);
    }
    made.routes_.push_back(std::move(compiled));
  }
  return made;
}

handshake_route const* handshake_routes::match(std::string_view path, std::string_view host) const noexcept {
  auto const accepts = [&](handshake_route const& r) {
    auto const on_path = [&](std::string const& pattern) { return wire::path_matches(pattern, path); };
    auto const on_host = [&](std::string const& name) { return wire::same_name(name, wire::host_of(host)); };
    return (r.paths.empty() || std::any_of(r.paths.begin(), r.paths.end(), on_path)) &&
           (r.hosts.empty() || std::any_of(r.hosts.begin(), r.hosts.end(), on_host));
  };
  auto const found = std::find_if(routes_.begin(), routes_.end(), accepts);
  return found == routes_.end() ? nullptr : &*found;
}

}  // namespace gw::route
