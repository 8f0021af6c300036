// One examination of an instance, as `health` of its service says. Used by the health watch.
#pragma once

#include "cluster/health.hpp"
#include "cluster/instance.hpp"
#include "config/config.hpp"
#include "net/awaitable.hpp"
#include "net/loop.hpp"
#include "net/stream.hpp"
#include "net/tls_engine.hpp"

#include <memory>
#include <optional>

namespace gw::gateway {

/// Whom to examine, and how. All of it outlives the examination.
struct patient {
  config::service const& settings;
  cluster::instance const& who;
};

/// Connects, shakes hands if there is an `engine` (null: plain text), and asks; all within health.timeout. Nothing if
/// the fault is ours (no descriptors), or if `by` was closed from outside. `by` is a stream not connected yet.
net::awaitable<std::optional<cluster::finding>> examine(net::loop& on, net::stream& by, patient whom,
                                                        std::unique_ptr<net::tls_engine> engine);

}  // namespace gw::gateway
