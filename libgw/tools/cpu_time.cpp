#include "tools/cpu_time.hpp"

#include <fmt/format.h>

#include <cstdint>
#include <ctime>
#include <filesystem>
#include <fstream>

namespace gw::tools {

double cpu_seconds_of_this_thread() noexcept {
  timespec t{};
  ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
  return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_nsec) / 1e9;
}

std::optional<double> cpu_seconds_of(pid_t pid) {
  std::error_code failed;
  std::filesystem::directory_iterator task(fmt::format("/proc/{}/task", pid), failed);
  std::uint64_t total_ns = 0;
  bool read_any = false;
  for (std::filesystem::directory_iterator const end; !failed && task != end; task.increment(failed)) {
    std::ifstream file(task->path() / "schedstat");
    std::uint64_t ns = 0;
    if (!(file >> ns)) continue;  // the thread has ended meanwhile
    total_ns += ns;
    read_any = true;
  }
  if (!read_any) return std::nullopt;
  return static_cast<double>(total_ns) / 1e9;
}

}  // namespace gw::tools
