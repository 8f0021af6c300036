// The files and variables that a configuration is made of, as the system has them. Used through outside_knowledge, so
// that tests and fuzzers can put others in their place.
#pragma once

#include "core/error.hpp"

#include <cstddef>
#include <iosfwd>
#include <optional>
#include <string>
#include <vector>

namespace gw::config {

/// The whole of a file. Errors: bad_config, "cannot be read: …" or "is larger than 4MiB", without the path.
result<std::string> read_file(std::string const& path, std::size_t largest);
/// The same of what is still to be read from `in`.
result<std::string> read_all(std::istream& in, std::size_t largest);

/// The files that match a pattern of the shell (glob(7)), in the order of their names' bytes.
std::vector<std::string> matching_files(std::string const& pattern);

std::optional<std::string> environment_variable(std::string const& name);

}  // namespace gw::config
