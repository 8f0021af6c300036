// Files that a user names.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace wsgw {

/// What is read of a file, or of standard input: more is a mistake.
inline constexpr std::size_t largest_input = 64 * 1024 * 1024;

/// `overwrite`: also a file that is there already. False: errno says why not.
bool write_file(std::string const& path, std::string_view text, bool overwrite = true);

}  // namespace wsgw
