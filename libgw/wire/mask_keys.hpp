// Fresh masking keys for the frames we send as a client (RFC 6455 sections 5.3 and 10.3: unpredictable to whoever
// chooses the payload). One per worker thread.
#pragma once

#include "wire/frame.hpp"

#include <array>
#include <cstddef>

namespace gw::wire {

/// Draws from the kernel's random generator, 1,024 keys a system call. Not for several threads at once.
/// Not copied: two copies would give the same keys.
class mask_keys {
 public:
  mask_keys() noexcept = default;
  mask_keys(mask_keys const&) = delete;
  mask_keys& operator=(mask_keys const&) = delete;

  /// A key never given before, except by chance. Ends the process if the kernel has no randomness to give:
  /// a predictable key is never used.
  mask_key next() noexcept;

 private:
  void refill() noexcept;

  std::array<mask_key, 1024> keys_{};
  std::size_t used_ = keys_.size();
};

}  // namespace gw::wire
