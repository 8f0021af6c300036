// From an accepted socket to what it turns out to be: a session, a probe, or an HTTP refusal.
#pragma once

#include "gateway/worker.hpp"
#include "net/awaitable.hpp"

namespace gw::gateway {

/// The whole life of one accepted connection on its worker.
net::awaitable<void> serve_connection(worker& on, arrival connection);

}  // namespace gw::gateway
