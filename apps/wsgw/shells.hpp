// The completion scripts: one function for each shell, from the command tree to the text of the script.
#pragma once

#include "command_tree.hpp"

#include <string>
#include <vector>

namespace wsgw {

// They ask `wsgw completion services` for the names of services.
std::string bash_completion(std::vector<command_text> const& commands);
std::string zsh_completion(std::vector<command_text> const& commands);
std::string fish_completion(std::vector<command_text> const& commands);

}  // namespace wsgw
