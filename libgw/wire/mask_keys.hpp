// Fresh masking keys for the frames we send as a client (RFC 6455 sections 5.3 and 10.3: unpredictable to whoever
// chooses the payload). One per worker thread.
#pragma once

#include "wire/frame.hpp"

#include <array>
#include <cstddef>
#include <memory>

namespace gw::wire {

/// Keystream of ChaCha20 under a key from the kernel, 1,024 masking keys at a time. The beginning of every draw is the
/// key of the next one, so what earlier draws gave cannot be found out from what is held (fast key erasure). Not for
/// several threads at once.
/// Not copied: two copies would give the same keys.
class mask_keys {
 public:
  /// Ends the process if the kernel has no randomness to give: a predictable key is never used. std::bad_alloc if
  /// there is no memory for the cipher, std::runtime_error if OpenSSL has none.
  mask_keys();
  ~mask_keys();
  mask_keys(mask_keys const&) = delete;
  mask_keys& operator=(mask_keys const&) = delete;

  /// A key never given before, except by chance.
  mask_key next() noexcept {
    if (used_ == drawn_.keys.size()) refill();
    return drawn_.keys[used_++];
  }

 private:
  struct cipher;

  void refill() noexcept;

  struct draw {
    std::array<unsigned char, 32> next_cipher_key;
    std::array<mask_key, 1024> keys;
  };

  std::unique_ptr<cipher> cipher_;
  draw drawn_{};
  std::size_t used_ = drawn_.keys.size();
};

}  // namespace gw::wire
