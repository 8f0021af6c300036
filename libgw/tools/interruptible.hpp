// What SIGINT and SIGTERM mean to a tool: the first ends its work early, the second the process. Used by the client and
// the load generator.
#pragma once

#include "net/loop.hpp"

#include <functional>

namespace gw::tools {

/// Called on the thread of the loop, outside of turns.
struct interruption {
  std::function<void()> first;           // the work is to end soon
  std::function<void()> second = [] {};  // the process ends with status 130 behind it
};

/// Runs `work` to its end and obeys signals until then. Rethrows what escapes from it.
net::awaitable<void> interruptible(net::loop& on, net::awaitable<void> work, interruption by);

}  // namespace gw::tools
