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

/// The same by way of a new file beside it, so that there is always the old one or the whole new one, with the same
/// permissions; of a link it is the file behind it. What is no regular file, such as a pipe, is written to as it is.
bool replace_file(std::string const& path, std::string_view text);
/// Whether replace_file() would be able to; nothing has changed then. False: errno says why not.
bool can_be_replaced(std::string const& path);

}  // namespace wsgw
