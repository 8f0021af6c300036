// What the handshake told about a client, kept for as long as the client is there. There are many of them, so it lies
// in one block of memory. Made by the connection; read by its conversation and by the dials it leads to.
#pragma once

#include "gateway/seats.hpp"
#include "route/circumstances.hpp"

#include <cstdint>
#include <memory>
#include <string_view>

namespace gw::gateway {

struct client_description {
  std::string_view head = {};         // the raw HTTP head, for the upstream handshakes
  std::string_view address = {};      // IP of the client, as a trusted proxy reports it if there is one
  std::string_view peer = {};         // IP of the other end of the socket
  std::string_view conn = {};         // our name for the connection, in logs and error frames
  std::string_view request_id = {};   // X-Request-Id, the client's or made
  std::string_view traceparent = {};  // W3C trace context, the client's or made
  std::string_view listener = {};     // name of the listener it came in by
  std::string_view user = {};         // whom its TLS certificate names; empty: it needed none
  std::string_view new_cookie = {};   // name of the cookie that it got, whose value is `conn`; empty: it got none
  bool by_proxy = false;              // `peer` is a trusted proxy
  bool secure = false;                // it came in by TLS
  std::uint8_t deflate_window = 0;    // permessage-deflate: bits of the window of what we send; 0: not agreed on

  std::string_view trace() const noexcept { return traceparent.substr(3, 32); }
};

/// A description with the text that it speaks of. Movable.
struct client_facts : client_description {
  client_facts() = default;
  explicit client_facts(client_description const& from);

  /// Negotiated wsgw.v1.
  bool control() const noexcept { return told->control; }

  seat address_seat{};   // counts it against max_sessions_per_ip
  seat listener_seat{};  // and against max_sessions
  /// What rules ask about it.
  route::circumstances_ptr told = route::unasked(false);

 private:
  std::unique_ptr<char[]> text_;
};

}  // namespace gw::gateway
