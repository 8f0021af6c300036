#include "config/files.hpp"

#include "core/units.hpp"

#include <fmt/format.h>
#include <glob.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <fstream>

namespace gw::config {

result<std::string> read_file(std::string const& path, std::size_t largest) {
  errno = 0;
  std::ifstream in(path, std::ios::binary);
  return read_all(in, largest);
}

result<std::string> read_all(std::istream& in, std::size_t largest) {
  auto const refuse = [](std::string why) {
    return error{.code = errc::bad_config, .context = std::move(why), .cause = {}};
  };
  std::string text;
  std::array<char, 16 * 1024> block;
  while (in && text.size() <= largest) {
    in.read(block.data(), block.size());
    text.append(block.data(), static_cast<std::size_t>(in.gcount()));
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
