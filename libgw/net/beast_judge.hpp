// A second opinion on a raw HTTP head: Beast's parser, for no other purpose than to agree with wire/strict_head.
// Used by whoever reads a head, after wire/strict_head accepted it. Keeps Beast's headers out of everybody else.
#pragma once

#include "core/error.hpp"

#include <string_view>

namespace gw::net {

/// Does Beast accept the request head `raw` (up to and including its CRLFCRLF), to the last byte? What both parsers
/// accept leaves the fewest ways to be read differently behind us. The error is the client's, bad_handshake.
result<> beast_agrees_request(std::string_view raw);

/// The same for a response head; the error is the upstream's.
result<> beast_agrees_response(std::string_view raw);

}  // namespace gw::net
