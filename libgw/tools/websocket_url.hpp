// The address of a WebSocket as a user writes it: ws://host[:port]/path?query. Used by the client and the load
// generator.
#pragma once

#include "core/error.hpp"

#include <cstdint>
#include <string>
#include <string_view>

namespace gw::tools {

struct websocket_url {
  std::string host;  // a name or an IP literal without brackets
  std::uint16_t port = 80;
  std::string target = "/";  // path and query, as written

  /// The value of the Host field: the port is left out if it is 80.
  std::string host_field() const;
};

/// Strict: scheme `ws`, a host, no user, no fragment, printable ASCII only. errc::bad_usage says what is wrong and how
/// to write it; wss:// is refused with a hint.
result<websocket_url> parse_websocket_url(std::string_view text);

}  // namespace gw::tools
