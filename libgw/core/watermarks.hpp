// The bounds of a queue. Used by the configuration and by the peers that obey it.
#pragma once

#include <cstddef>

namespace gw {

/// In bytes: above `high` whatever feeds the queue is no longer read, until it has fallen to `low`.
struct watermarks {
  std::size_t high = 0;
  std::size_t low = 0;
};

}  // namespace gw
