// Instances that stand in a file, or in the .toml and .json files of a folder: the simplest bridge from whatever knows
// where services run.
#pragma once

#include "discovery/kinds.hpp"

namespace gw::discovery {

/// Takes `path`. Lists again when a file is written and closed, or moved into place, and at every `refresh` in case the
/// system did not tell. A file that cannot be read or understood is an error of the whole.
result<std::unique_ptr<source>> make_file(assignment told);

}  // namespace gw::discovery
