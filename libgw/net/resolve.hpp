// Host names to addresses. Never used by a dial: names are resolved ahead of time (CONFIG.md, [services.X]).
#pragma once

#include "core/error.hpp"
#include "net/awaitable.hpp"

#include <string>
#include <vector>

namespace gw::net {

/// IP literals of `host`, IPv4 first, without duplicates. An IP literal resolves to itself without a look-up.
awaitable<result<std::vector<std::string>>> resolve(executor where, std::string host);

}  // namespace gw::net
