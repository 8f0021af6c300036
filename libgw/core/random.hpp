// Unpredictable bytes for the names and keys of connections.
#pragma once

#include <span>

namespace gw {

/// Fills `into` with bytes of the kernel's that nobody else gets. Any thread. They are drawn in blocks, one per thread,
/// in which nothing stays that was given. std::system_error if the kernel has none to give.
void fill_random(std::span<unsigned char> into);

}  // namespace gw
