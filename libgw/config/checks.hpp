// Contradictions between sections of one configuration, and what stands outside of it: files, and the knowledge of
// higher layers. Used by the loader.
#pragma once

#include "config/config.hpp"
#include "config/outside.hpp"
#include "config/report.hpp"
#include "config/tree.hpp"

namespace gw::config {

/// Checks `value`, which was read from `root`: names and addresses used twice, no services, the pattern, the policies,
/// the files of TLS, and check_rules().
void check_whole(config const& value, node const& root, outside_knowledge const& outside, report& problems);

/// Rules and routes: ids used twice, services that are not there, regexes, captures that nothing captures.
void check_rules(config const& value, node const& root, outside_knowledge const& outside, report& problems);

/// Sources of instances: types that are not there, keys that a type does not take or needs, services that name a source
/// that is not there.
void check_discovery(config const& value, node const& root, outside_knowledge const& outside, report& problems);

/// [section.NAME]; the name may hold dots. Nothing if it is not written.
node const* named_node(node const& root, std::string_view section, std::string_view name);

/// The i-th [[name]] of the tree; nothing if it has none and the default stands.
node const* section_node(node const& root, std::string_view name, std::size_t i);

/// The place of `key` in `table`, or of the table if it does not give the key.
position place_of(node const& table, std::string_view key);

}  // namespace gw::config
