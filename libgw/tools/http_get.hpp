// One GET by plain HTTP/1.1, with a deadline. Used by `wsgw healthcheck` and `wsgw services`.
#pragma once

#include "core/clock.hpp"
#include "core/error.hpp"
#include "net/address.hpp"
#include "net/loop.hpp"

#include <cstddef>
#include <string>

namespace gw::tools {

struct http_answer {
  int status = 0;
  std::string body;
};

/// Asks `at` for `path`, as the host of the same text, all within `limit`. Errors: connect_failed (also in the middle
/// of the answer), connect_timeout, handshake_rejected (what came is not HTTP), upstream_too_big (`largest_body`).
net::awaitable<result<http_answer>> http_get(net::loop& on, net::address at, std::string path, duration limit,
                                             std::size_t largest_body = 64 * 1024);

}  // namespace gw::tools
