// From an accepted socket to what it turns out to be: a session, a probe, or an HTTP refusal.
#pragma once

#include "gateway/worker.hpp"
#include "net/awaitable.hpp"

namespace gw::gateway {

/// An accepted connection until it has had its answer. One that upgrades lives on as a conversation.
net::awaitable<void> serve_connection(worker& on, arrival connection);

}  // namespace gw::gateway
