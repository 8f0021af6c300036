// What the gateway itself has run out of, as far as an error tells.
#pragma once

#include <system_error>

namespace gw::net {

/// Descriptors, ports, memory, or the time that was left: nobody else is to blame, and nothing is known of who was
/// asked.
bool is_our_shortage(std::error_code const& cause) noexcept;

}  // namespace gw::net
