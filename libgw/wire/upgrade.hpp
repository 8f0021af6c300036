// The WebSocket opening handshake of RFC 6455 section 4, both sides: judged on judged heads, and written.
// Used by the connection (as server), by channels and tools (as client). Sans-I/O; negotiates nothing itself.
#pragma once

#include "wire/http_text.hpp"
#include "wire/strict_head.hpp"

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace gw::wire {

/// What an accepted upgrade request asks for. Views into the raw bytes of its head.
struct websocket_request {
  std::string_view key;
  std::vector<std::string_view> protocols;  // offered, in order; at most 16 different tokens
  std::string_view origin;                  // empty: there is none
};

/// Is `head`, accepted by judge_request(), a WebSocket handshake? 405: not GET. 426: no `Upgrade: websocket` or not
/// version 13. 400: HTTP/1.0, an Upgrade list of several, no `Connection: upgrade`, a key that is not the base64 of 16
/// bytes, an announced body, bad protocols, an empty Origin, or what must stand once stands twice.
/// The caller judges the origin with origin_allowed().
judged<websocket_request> judge_upgrade(request_head const& head);

/// May a page of `origin` open a WebSocket here (RFC 6455 section 10.2)? `host` is the request's Host.
/// Without an Origin: yes. Browsers always send one, and the check protects their users from foreign pages, nobody
/// else: any other client can write what it likes.
/// `allow` empty: the origin's host and port must be those of `host`, where a port left out is the default of the
/// origin's scheme (http or https). Otherwise the origin must equal an entry (`scheme://host[:port]`, case of scheme
/// and host ignored, default ports filled in), or an entry is "*". The opaque origin `null` passes only with "*".
/// `over_tls`: the request came to us by TLS. Then without `allow` only https pages pass, since anybody on the way
/// could put his own into the plain one of the same host. (A request without TLS may have had it before a proxy.)
bool origin_allowed(std::string_view origin, std::string_view host, std::span<std::string const> allow,
                    bool over_tls = false);

/// The Sec-WebSocket-Accept that answers `key`.
std::string accept_key(std::string_view key);

/// A fresh Sec-WebSocket-Key: 16 random bytes of the kernel in base64. Throws std::system_error if there are none.
std::string make_key();

/// The 101. `protocol`, `extension` empty: none was chosen; `cookie`: the value of Set-Cookie, empty: none is set. The
/// answer is empty if an argument may not stand in a head.
[[nodiscard]] std::string make_upgrade_response(std::string_view accept, std::string_view protocol,
                                                std::string_view extension = {}, std::string_view cookie = {});

/// A handshake to an upstream, without extensions of its own. `fields` are end-to-end fields (see upstream_headers()).
/// Empty if an argument may not stand in a head (control characters, a target with spaces): nothing is to be sent then.
[[nodiscard]] std::string make_upgrade_request(std::string_view path_and_query, std::string_view host,
                                               std::string_view key, std::span<std::string const> protocols,
                                               std::span<owned_field const> fields);

/// Is `head`, accepted by judge_response(), the 101 that answers our handshake? Every fault is a 502; the status that
/// an upstream answered instead is in `head`. `offered_deflate`: the handshake had the deflate_offer
/// (wire/deflate_offer); an answer with any extension has accepted it then.
judged<> judge_upgrade_response(response_head const& head, std::string_view expected_accept,
                                std::span<std::string const> offered_protocols, bool offered_deflate = false);

}  // namespace gw::wire
