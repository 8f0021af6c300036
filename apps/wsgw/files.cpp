#include "files.hpp"

#include <cstdio>

namespace wsgw {

bool write_file(std::string const& path, std::string_view text, bool overwrite) {
  auto* const file = std::fopen(path.c_str(), overwrite ? "we" : "wxe");
  if (file == nullptr) return false;
  bool const written = std::fwrite(text.data(), 1, text.size(), file) == text.size();
  return std::fclose(file) == 0 && written;
}

}  // namespace wsgw
