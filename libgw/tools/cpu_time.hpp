// CPU time of processes, as the kernel accounts it. Used by the load generator to compare proxies.
#pragma once

#include <sys/types.h>

#include <optional>

namespace gw::tools {

/// User and system seconds of the calling thread so far.
double cpu_seconds_of_this_thread() noexcept;

/// User and system seconds of all threads that process `pid` has now, to the nanosecond (schedstat). Nothing if it
/// cannot be read: no such process, or a kernel without schedstat. Threads that ended are not counted.
std::optional<double> cpu_seconds_of(pid_t pid);

}  // namespace gw::tools
