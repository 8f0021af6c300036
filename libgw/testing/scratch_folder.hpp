// A folder of its own for a test, gone with it.
#pragma once

#include <stdlib.h>

#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <string>
#include <string_view>

namespace gw::testing {

class scratch_folder {
 public:
  scratch_folder() {
    std::string name = (std::filesystem::temp_directory_path() / "wsgw-test-XXXXXX").string();
    if (::mkdtemp(name.data()) == nullptr) throw std::runtime_error("no temporary folder");
    path = name;
  }
  ~scratch_folder() {
    std::error_code ignored;
    std::filesystem::remove_all(path, ignored);
  }
  scratch_folder(scratch_folder const&) = delete;
  scratch_folder& operator=(scratch_folder const&) = delete;

  void write(std::filesystem::path const& name, std::string_view text) const { std::ofstream(path / name) << text; }

  /// As careful writers do it: whole at once, by a rename.
  void put(std::filesystem::path const& name, std::string_view text) const {
    write(".new", text);
    std::filesystem::rename(path / ".new", path / name);
  }

  std::filesystem::path path;
};

}  // namespace gw::testing
