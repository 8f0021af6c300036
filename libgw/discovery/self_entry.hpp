// The gateway itself, entered in a registry: [discovery.X] with `register = true`.
#pragma once

#include "config/config.hpp"
#include "core/error.hpp"
#include "discovery/announcements.hpp"
#include "net/loop.hpp"

#include <memory>

namespace gw::discovery {

/// What enters the gateway where `settings` say; null if they do not want that. Changes between success and failure are
/// logged. Errors are bad_config.
result<std::unique_ptr<announcements>> make_self_entry(net::loop& where, config::discovery const& settings);

}  // namespace gw::discovery
