// Texts for people, made from the list of keys: the reference and an example file that states every default.
#pragma once

#include <string>

namespace gw::config {

/// Markdown: a table of keys for every section.
std::string reference_markdown();

/// A loadable configuration: one service, and every other key as a comment with its default, or with an example where
/// there is nothing by default.
std::string commented_config();

}  // namespace gw::config
