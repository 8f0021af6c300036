// Passing a whole message on without copying it: the frame that came is turned, where it lies, into the frame to send.
// Used by the data path in both directions. Knows events and bytes only.
#pragma once

#include "wire/decoder.hpp"
#include "wire/frame.hpp"

#include <span>

namespace gw::wire {

/// Client to upstream. `message`: an event `message` of a decoder in the role of a server, still valid. Writes a header
/// with the key `fresh` over the one that came (same length) and masks the payload. Returns the whole frame, header
/// included; the event's payload is then masked and no longer readable.
std::span<char> remask_in_place(event const& message, mask_key fresh) noexcept;

/// Upstream to client. `message`: an event `message` of a decoder in the role of a client, still valid. Returns the
/// whole frame, header included, as it came: a server's frame is unmasked already, so no byte is touched.
std::span<char> unmasked_in_place(event const& message) noexcept;

}  // namespace gw::wire
