#include "config/files.hpp"

#include "core/units.hpp"

#include <fmt/format.h>
#include <glob.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <fstream>

namespace gw::config {

result<std::string> read_file(std::string const& path, std::size_t largest) {
  auto const refuse = [](std::string why) {
    return error{.code = errc::bad_config, .context = std::move(why), .cause = {}};
  };
  errno = 0;
  std::ifstream in(path, std::ios::binary);
  std::string text;
  if (in) {
    text.resize(largest + 1);
    in.read(text.data(), static_cast<std::streamsize>(text.size()));
    text.resize(static_cast<std::size_t>(in.gcount()));
  }
  if (text.size() > largest) return refuse(fmt::format("is larger than {}", size_text(largest)));
  if (!in.eof()) return refuse(fmt::format("cannot be read: {}", std::strerror(errno)));
  return text;
}

std::vector<std::string> matching_files(std::string const& pattern) {
  glob_t found{};
  std::vector<std::string> files;
  if (::glob(pattern.c_str(), GLOB_NOSORT, nullptr, &found) == 0) {
    files.assign(found.gl_pathv, found.gl_pathv + found.gl_pathc);
  }
  ::globfree(&found);
  std::sort(files.begin(), files.end());
  return files;
}

std::optional<std::string> environment_variable(std::string const& name) {
  char const* const value = std::getenv(name.c_str());
  if (value == nullptr) return std::nullopt;
  return value;
}

}  // namespace gw::config
