// The control messages of the subprotocol wsgw.v1 (PRODUCT.md section 6): `{"method":"$gw/NAME","data":{...}}`, by
// which gateway and client talk about the connection itself. Pure texts: the session decides when.
#pragma once

#include "wire/correlation.hpp"
#include "wire/error_frame.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace gw::wire {

/// The subprotocol that a client negotiates to use them.
inline constexpr std::string_view control_protocol = "wsgw.v1";

/// What a client may rely on for the life of its connection.
struct hello_facts {
  std::string_view conn;
  std::size_t max_message = 0;  // bytes
  std::size_t max_channels = 0;
  std::chrono::milliseconds ping_interval{};  // of the gateway's own pings
};
std::string make_hello(hello_facts const& facts);

/// `state` is "open", "moved" or "closed"; `facts` say how it ended, null while it is open.
std::string make_channel_state(std::string_view service, std::string_view state, std::uint64_t epoch,
                               channel_facts const* facts);

/// The connection will be closed within `within`; come back at a random moment of `jitter` after that.
std::string make_goaway(std::chrono::milliseconds within, std::chrono::milliseconds jitter, std::string_view why);

/// The answer to a client's `$gw/ping`.
std::string make_control_pong(correlation const& data);

/// What a client asks for.
struct control_request {
  enum class kind : std::uint8_t { unknown, ping, pong, close };
  kind what = kind::unknown;
  std::string service;  // close: of which channel; empty if the message does not say
};

/// Reads the control message `text`, whose routing key is `method`. Longer than 4 KiB is nothing that we know.
control_request read_control(std::string_view method, std::string_view text);

}  // namespace gw::wire
