// Contradictions between sections of one configuration, and what higher layers know about it. Used by the loader.
#pragma once

#include "config/config.hpp"
#include "config/load.hpp"
#include "config/report.hpp"
#include "config/tree.hpp"

namespace gw::config {

/// Checks `value`, which was read from `root`: names and addresses used twice, no services, the pattern, the policy.
void check_whole(config const& value, node const& root, outside_knowledge const& outside, report& problems);

}  // namespace gw::config
