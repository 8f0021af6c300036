// Which header fields of a client's handshake reach an upstream, and which the gateway says itself.
// Used when a channel is dialled. Pure; knows no services, users or sockets.
#pragma once

#include "wire/http_text.hpp"
#include "wire/strict_head.hpp"

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace gw::wire {

/// The operator's list of end-to-end fields to forward (`forward_headers`).
class forward_rules {
 public:
  /// Globs over field names, where `*` is any run of characters and case does not matter; `!` in front forbids.
  /// The last pattern that matches decides; a name that none matches is not forwarded.
  explicit forward_rules(std::span<std::string const> patterns);

  bool allows(std::string_view name) const noexcept;

 private:
  struct rule {
    std::string glob;
    bool allow;
  };
  std::vector<rule> rules_;
};

/// What the gateway knows of the client's connection.
struct forwarding {
  std::string_view client_ip{};    // of the TCP peer, or as a trusted proxy reported it
  std::string_view proto{};        // "http" or "https"
  std::string_view request_id{};   // the session's; empty: one is made
  std::string_view traceparent{};  // the session's; empty: one is made
  bool peer_is_trusted = false;    // the peer is a proxy whose X-Forwarded-* and Forwarded are believed
};

/// The fields of the upstream's handshake beside Host and those of the WebSocket.
///
/// Never forwarded: hop-by-hop fields and those that the client's Connection lists, Host, Content-Length, Expect,
/// Sec-WebSocket-*, and every client copy of what only the gateway may say: X-Forwarded-*, Forwarded, X-Real-IP (these
/// three pass from a trusted proxy), X-Wsgw-*, X-User, X-User-*. `_` counts as `-` there, since CGI-like servers cannot
/// tell them apart. Of the rest `rules` allow some.
/// Then the gateway's own: X-Forwarded-For (a trusted proxy's list is continued), -Proto, -Host (a trusted proxy's are
/// kept), X-Request-Id, traceparent. So a client can strip only its own fields by naming them in Connection.
/// The client's request id and traceparent are kept if they are sane (see below); tracestate only beside a kept
/// traceparent.
std::vector<owned_field> upstream_headers(request_head const& client, forward_rules const& rules,
                                          forwarding const& facts);

/// The client's X-Request-Id if it sent exactly one, a token of at most 128 characters; else empty.
std::string_view kept_request_id(request_head const& client) noexcept;

/// The client's traceparent if it sent exactly one that is valid (W3C Trace Context, section 3.2.2); else empty.
std::string_view kept_traceparent(request_head const& client) noexcept;

/// A fresh X-Request-Id: 32 random hexadecimal digits. Throws std::system_error if the kernel has no random bytes.
std::string make_request_id();

/// A fresh traceparent: the root of a sampled trace. Throws like make_request_id().
std::string make_traceparent();

}  // namespace gw::wire
