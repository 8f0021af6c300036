#include "files.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>

namespace wsgw {
namespace {

std::string beside(std::string const& path) {
  return path + ".new";
}

bool is_special(std::string const& path) {
  struct stat about {};
  return ::stat(path.c_str(), &about) == 0 && !S_ISREG(about.st_mode);
}

}  // namespace

bool write_file(std::string const& path, std::string_view text, bool overwrite) {
  auto* const file = std::fopen(path.c_str(), overwrite ? "we" : "wxe");
  if (file == nullptr) return false;
  bool const written = text.empty() || std::fwrite(text.data(), 1, text.size(), file) == text.size();
  return std::fclose(file) == 0 && written;
}

bool replace_file(std::string const& path, std::string_view text) {
  if (is_special(path)) return write_file(path, text);
  if (write_file(beside(path), text) && std::rename(beside(path).c_str(), path.c_str()) == 0) return true;
  auto const why = errno;
  std::remove(beside(path).c_str());
  errno = why;
  return false;
}

bool can_be_replaced(std::string const& path) {
  if (is_special(path)) return ::access(path.c_str(), W_OK) == 0;
  if (!write_file(beside(path), {})) return false;
  return std::remove(beside(path).c_str()) == 0;
}

}  // namespace wsgw
