// ${VAR}, ${VAR:-default} and ${file:/path} inside the strings of a configuration. Used while its texts are gathered.
#pragma once

#include "config/outside.hpp"
#include "config/report.hpp"
#include "config/tree.hpp"

namespace gw::config {

/// Replaces them in every string value of `root`; `$${` becomes "${", and what was put in is not looked at again.
/// A default also stands for an empty variable; of a file, at most 64 KiB, the last line end is cut off. What cannot be
/// replaced is a problem at its place, and taints the value it is part of.
void interpolate(node& root, outside_knowledge const& outside, report& problems);

}  // namespace gw::config
