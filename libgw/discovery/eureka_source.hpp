// Asks Eureka servers (protocol v1): in full at first and from time to time, for changes in between.
#pragma once

#include "discovery/kinds.hpp"

#include <memory>

namespace gw::discovery {

/// Type "eureka". The services are found by their VIP address, in lower case.
result<std::unique_ptr<source>> make_eureka(assignment what);

}  // namespace gw::discovery
