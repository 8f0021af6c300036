#include "core/memory.hpp"

#include <fcntl.h>
#include <malloc.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <string>

namespace gw {
namespace {

/// The number in `file`; `otherwise` if it holds none ("max"), or cannot be read.
std::size_t number_in(std::filesystem::path const& file, std::size_t otherwise) {
  std::ifstream in(file);
  std::size_t number = 0;
  return in >> number ? number : otherwise;
}

/// The tightest `limit` file of `group` and of the groups around it.
std::size_t tightest(std::filesystem::path const& root, std::string group, char const* limit) {
  auto least = SIZE_MAX;
  for (;;) {
    least = std::min(least, number_in(root / std::filesystem::path(group).relative_path() / limit, SIZE_MAX));
    if (group.empty() || group == "/") return least;
    group.resize(group.find_last_of('/'));
  }
}

std::size_t cgroup_limit() {
  auto least = SIZE_MAX;
  std::ifstream groups("/proc/self/cgroup");  // lines of "id:controllers:/path", cgroups(7)
  for (std::string line; std::getline(groups, line);) {
    auto const first = line.find(':');
    auto const second = line.find(':', first + 1);
    if (second == std::string::npos) continue;
    auto const controllers = line.substr(first + 1, second - first - 1);
    auto const group = line.substr(second + 1);
    if (controllers.empty()) least = std::min(least, tightest("/sys/fs/cgroup", group, "memory.max"));
    if (controllers == "memory") {
      least = std::min(least, tightest("/sys/fs/cgroup/memory", group, "memory.limit_in_bytes"));
    }
  }
  return least;
}

std::size_t page_size() {
  return static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
}

}  // namespace

std::size_t memory_allowed() {
  auto const ram = static_cast<std::size_t>(::sysconf(_SC_PHYS_PAGES)) * page_size();
  return std::min(ram, cgroup_limit());
}

std::size_t memory_resident() {
  // Open for good: it is asked for often, also when no descriptor is left, and a process is judged by how many it
  // holds.
  static int const statm = ::open("/proc/self/statm", O_RDONLY | O_CLOEXEC);
  std::array<char, 128> text{};
  if (::pread(statm, text.data(), text.size() - 1, 0) <= 0) return 0;
  auto const* const resident = std::strchr(text.data(), ' ');
  return resident == nullptr ? 0 : std::strtoull(resident, nullptr, 10) * page_size();
}

void release_free_memory() noexcept {
  ::malloc_trim(0);
}

}  // namespace gw
