// By what of a client's handshake an instance is chosen for it: `hash_on` of a service. Used by whoever dials, and by
// `wsgw route test`.
#pragma once

#include "route/circumstances.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace gw::route {

/// The text that `hash_on` ("client", "header:NAME", "cookie:NAME", "query:NAME") means; nothing if the handshake has
/// none, or an empty one. Who has no IP address has no "client": all of a UNIX socket would be one.
std::optional<std::string> hash_source_of(std::string_view hash_on, handshake const& from);

}  // namespace gw::route
