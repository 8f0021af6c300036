// How much memory this process may use, and how much it uses. Used by whoever sheds load.
#pragma once

#include <cstddef>

namespace gw {

/// The memory that the process may use: the tightest limit of its cgroup (v1 or v2) and its parents, or the machine's
/// RAM. Bytes.
std::size_t memory_allowed();

/// Resident memory of the process now, in bytes; 0 if the kernel does not say.
std::size_t memory_resident();

/// Gives free memory back to the kernel, as far as the allocator can.
void release_free_memory() noexcept;

}  // namespace gw
