// Puts into words what a gateway or a server says in numbers. For people at a terminal; used by the client.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace gw::tools {

/// "1012 (the server restarts: connect again)".
std::string explain_close(std::uint16_t code, std::string_view reason);

/// "NO_INSTANCE: no healthy instance of 'chat' (HTTP 503; not sent; may be tried again after 1000 ms)" if `message` is
/// an error frame of the gateway.
std::optional<std::string> explain_error_frame(std::string_view message);

}  // namespace gw::tools
