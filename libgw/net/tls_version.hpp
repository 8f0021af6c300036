// Which TLS library the program runs with. Used by `wsgw version`.
#pragma once

#include <string_view>

namespace gw::net {

/// "OpenSSL 3.0.15 3 Sep 2024": of the library that is loaded, not of the headers.
std::string_view tls_version() noexcept;

}  // namespace gw::net
