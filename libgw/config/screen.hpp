// Refuses what the TOML library should refuse but does not survive. Used by tree.cpp before it parses.
#pragma once

#include "config/tree.hpp"

#include <optional>
#include <string_view>

namespace gw::config {

/// The first of: a control character that TOML allows nowhere; a non-ASCII character outside strings and comments
/// (undefined behaviour in toml++ 3.3); more dots in a line than any key of ours has (it recurses once for every part
/// of a dotted key, without a limit). Knows strings and comments, and nothing else of the grammar.
std::optional<fault> screen_toml(std::string_view text);

}  // namespace gw::config
