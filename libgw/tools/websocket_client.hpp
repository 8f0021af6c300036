// Opens a WebSocket as a client: resolve, connect, TLS, shake hands. Used by the client tool and the load generator.
// Knows nothing of messages: the socket is handed to a net::peer.
#pragma once

#include "core/error.hpp"
#include "net/address.hpp"
#include "net/stream.hpp"
#include "net/tls_context.hpp"
#include "tools/websocket_url.hpp"
#include "wire/http_text.hpp"

#include <memory>
#include <string>
#include <vector>

namespace gw::tools {

/// What is asked for in the handshake.
struct websocket_request {
  websocket_url url;
  std::vector<wire::owned_field> fields;                  // besides the handshake's own; a Host here replaces the URL's
  std::string origin;                                     // empty: none is sent
  std::vector<std::string> protocols;                     // offered subprotocols
  std::shared_ptr<net::tls_context const> tls = nullptr;  // for wss, see trust()
  bool compress = false;                                  // offer permessage-deflate
};

/// Whom a client by TLS trusts, and how it shows who it is.
struct trust_options {
  std::string ca{};       // a file, PEM; empty: the system's
  bool insecure = false;  // anybody
  std::string cert{};     // a file, PEM, with its `key`; empty: nobody is told who we are
  std::string key{};
};

/// Makes `ask` ready for TLS if its URL is wss. errc::bad_config names the file that cannot be used; errc::bad_usage:
/// there is something to trust, but no TLS.
result<> trust(websocket_request& ask, trust_options const& whom);

/// A WebSocket that was just opened.
struct opened_websocket {
  net::transport socket;
  std::string rest;         // bytes that came behind the handshake
  std::string protocol;     // the chosen subprotocol, or empty
  bool compressed = false;  // permessage-deflate was agreed on
};

/// "Name: value" as given on the command line; errc::bad_usage if it is no header field.
result<wire::owned_field> parse_field(std::string_view text);

/// The addresses of the URL's host; literals need no look-up. errc::connect_failed.
net::awaitable<result<std::vector<net::address>>> resolve(net::loop& on, websocket_url url);

/// Connects `with`, which is not connected yet, to `to` and shakes hands, all within `limit`. The caller may close
/// `with` meanwhile. Errors: connect_failed, connect_timeout, handshake_rejected (the context holds the status and what
/// the server said; the cause's value is the status), bad_usage (the request cannot be written as a head).
net::awaitable<result<opened_websocket>> open_websocket(net::loop& on, net::stream& with, net::address to,
                                                        websocket_request const& ask, duration limit);

/// The handshake alone, within `limit`, on a stream that is connected or about to be.
net::awaitable<result<opened_websocket>> shake_hands(net::loop& on, net::stream& with, websocket_request const& ask,
                                                     duration limit);

/// resolve() and open_websocket() on one address after the other until one can be reached. One thread.
class dialler {
 public:
  explicit dialler(net::loop& on) noexcept : loop_(on) {}

  /// `limit`: for each address. The stream of a WebSocket that was opened is gone from here.
  net::awaitable<result<opened_websocket>> open(websocket_request const& ask, duration limit);
  /// Ends open(), now and for ever, with an error.
  void close() noexcept;

 private:
  net::loop& loop_;
  net::stream* under_way_ = nullptr;
  bool closed_ = false;
};

/// The same for those who need not end it.
net::awaitable<result<opened_websocket>> open_websocket(net::loop& on, websocket_request const& ask, duration limit);

}  // namespace gw::tools
