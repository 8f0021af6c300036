// Texts for people, made from the list of keys: the reference, as a manual page too, and an example file that states
// every default.
#pragma once

#include "config/kind.hpp"

#include <string>
#include <string_view>

namespace gw::config {

/// Markdown: a table of keys for every section.
std::string reference_markdown(vocabulary const& words);

/// wsgw.toml(5), in the man macros of troff.
std::string reference_man_page(std::string_view version, vocabulary const& words);

/// A loadable configuration: one service, and every other key as a comment with its default, or with an example where
/// there is nothing by default.
std::string commented_config();

}  // namespace gw::config
