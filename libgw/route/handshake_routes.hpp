// The routes with `on = "handshake"`: which WebSockets are carried 1:1, and to which service. Pure; used by the
// connection, which knows the handshake. Messages are no business of theirs.
#pragma once

#include "config/config.hpp"
#include "core/error.hpp"

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace gw::route {

/// One of them, as far as it matters once it matched.
struct handshake_route {
  std::string id;
  std::uint32_t service = 0;            // index into the names that they were made with
  std::vector<std::string> paths = {};  // one must match; empty = any
  std::vector<std::string> hosts = {};  // one must be the request's, without port and case; empty = any
};

class handshake_routes {
 public:
  /// The error (bad_config) names the route and the key.
  static result<handshake_routes> make(std::span<config::route const> routes, std::span<std::string const> services);

  /// The first, by order, whose predicates all accept; null if there is none. `path` is decoded and normal, `host` is
  /// the Host header.
  handshake_route const* match(std::string_view path, std::string_view host) const noexcept;

  bool empty() const noexcept { return routes_.empty(); }

 private:
  std::vector<handshake_route> routes_;
};

}  // namespace gw::route
