// Asks the API server of Kubernetes for the EndpointSlices of services, and is told of changes.
#pragma once

#include "discovery/kinds.hpp"

#include <memory>

namespace gw::discovery {

/// Type "kubernetes". Inside a pod URL, token, CA and namespace are those that the pod is given, unless set; outside of
/// one at least the URL must be.
result<std::unique_ptr<source>> make_kubernetes(assignment what);

}  // namespace gw::discovery
