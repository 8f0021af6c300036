// Jobs that last as long as their owner, through whatever goes wrong in between.
#pragma once

#include "net/awaitable.hpp"
#include "net/loop.hpp"

#include <functional>
#include <string>

namespace gw::net {

/// Runs `job` to its end; again a moment after it failed by an exception (no memory, most likely), which is logged
/// under `name` and no reason to be without the job for good.
awaitable<void> persist(loop& where, std::function<awaitable<void>()> job, std::string name);

}  // namespace gw::net
