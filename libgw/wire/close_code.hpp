// Close codes (RFC 6455 section 7.4 and the IANA registry, plus this gateway's own): which exist, which may be sent,
// and the payload of a Close frame. Used by the decoder and by whoever ends a WebSocket. Knows no sockets.
#pragma once

#include "wire/frame.hpp"

#include <cstdint>
#include <string>
#include <string_view>

namespace gw::wire {

/// Other values are legal too: a peer's own code (3000-4999) is carried through as it is.
enum class close_code : std::uint16_t {
  none = 0,  // never on the wire: nothing was said yet
  normal = 1000,
  going_away = 1001,
  protocol_error = 1002,
  unsupported = 1003,
  no_status = 1005,  // never on the wire: a Close without a code came
  abnormal = 1006,   // never on the wire: the connection ended without a Close
  invalid_utf8 = 1007,
  policy_violation = 1008,
  too_big = 1009,
  mandatory_extension = 1010,  // sent by clients only
  internal_error = 1011,
  service_restart = 1012,
  try_again_later = 1013,
  bad_gateway = 1014,
  unauthenticated = 3000,  // no or expired credentials
  forbidden = 3003,
  no_life = 3008,  // no life sign, or a deadline missed
  slow_consumer = 4008,
  maximum_life = 4011,
  flood = 4029,
};

/// May `code` stand in a Close frame that `sender` sends: 1000-1003, 1007-1014 (1010 from a client only), 3000-4999.
bool is_valid_on_wire(std::uint16_t code, role sender) noexcept;

/// The payload of a Close frame: code and reason, at most 125 bytes. `reason` is UTF-8 and is cut to 123 bytes at the
/// boundary of a code point. Empty, which says no code at all, for codes that `sender` may not send: none, no_status,
/// abnormal; and a server cannot answer a client's 1010 with the same.
std::string make_close_payload(close_code code, std::string_view reason, role sender);

}  // namespace gw::wire
