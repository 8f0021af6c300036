// Instances as name servers list them: SRV records, or addresses with a port of the configuration.
#pragma once

#include "discovery/kinds.hpp"

namespace gw::discovery {

/// Takes `domain`, `record`, `port`, `servers` and `read_timeout`; asks again when the records have lived, after a
/// second at the earliest and a minute at the latest. Of SRV records those with the best priority count. Those
/// that have no address are passed over, and of more than 64 the rest is. A name that is not there, or whose answer is
/// broken, says nothing of its service, and the last answer stands. Cannot tell which services there are.
result<std::unique_ptr<source>> make_dns(assignment told);

}  // namespace gw::discovery
