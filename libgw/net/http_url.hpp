// Where an HTTP server is, as people write it: "https://user:password@host:8500/base". Pure text.
#pragma once

#include "core/error.hpp"

#include <cstdint>
#include <string>
#include <string_view>

namespace gw::net {

struct http_url {
  bool secure = false;
  std::string host = {};  // a name or an IP literal, IPv6 without brackets
  std::uint16_t port = 80;
  std::string path = {};         // in front of every target: empty, or with a slash at its front and none at its end
  std::string credentials = {};  // "user:password", percent-decoded; a secret

  /// host:port, or [host]:port.
  std::string authority() const;
  /// Without the credentials: for people.
  std::string text() const;
};

/// The error (bad_config) says how to write it. A query or a fragment is one.
result<http_url> parse_http_url(std::string_view text);

}  // namespace gw::net
