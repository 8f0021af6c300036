// Runs one thread's loop from its first task to the last. Used by every tool.
#pragma once

#include "net/loop.hpp"

namespace gw::tools {

/// Runs `body` on the calling thread, and returns when it and all that it started are over. Rethrows what escapes from
/// it. The loop cannot be used again.
void run_loop(net::loop& on, net::awaitable<void> body);

}  // namespace gw::tools
