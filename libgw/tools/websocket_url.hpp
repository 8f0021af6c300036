// The address of a WebSocket as a user writes it: ws[s]://host[:port]/path?query. Used by the client and the load
// generator.
#pragma once

#include "core/error.hpp"

#include <cstdint>
#include <string>
#include <string_view>

namespace gw::tools {

struct websocket_url {
  std::string host;     // a name or an IP literal without brackets
  bool secure = false;  // wss: by TLS
  std::uint16_t port = 80;
  std::string target = "/";  // path and query, as written

  /// The value of the Host field: the scheme's own port (80, wss: 443) is left out.
  std::string host_field() const;
};

/// Strict: scheme `ws` or `wss`, a host, no user, no fragment, printable ASCII only. errc::bad_usage says what is wrong
/// and how to write it.
result<websocket_url> parse_websocket_url(std::string_view text);

}  // namespace gw::tools
