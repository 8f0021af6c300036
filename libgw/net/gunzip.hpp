// Bodies in gzip (RFC 1952), taken out with zlib: Beast's own inflate reads no gzip and checks no sum.
#pragma once

#include "core/error.hpp"

#include <cstddef>
#include <string>
#include <string_view>

namespace gw::net {

/// Of side::upstream: what is no whole gzip, does not have its checksum, or is larger than `limit` (upstream_too_big):
/// the output never is.
result<std::string> gunzip(std::string_view packed, std::size_t limit);

}  // namespace gw::net
