// Masking (RFC 6455 section 5.3): XOR with a four-byte key, at the speed of memory. Masking and unmasking are the same.
// Used by the decoder, the relay and whoever writes client frames.
#pragma once

#include "wire/frame.hpp"

#include <cstddef>
#include <span>

namespace gw::wire {

/// Masks or unmasks `bytes` in place. `offset`: position of the first of them within their frame's payload.
void apply_mask(std::span<char> bytes, mask_key key, std::size_t offset = 0) noexcept;

/// The same from `from` to `to`, which has room for as many bytes and does not overlap.
void mask_copy(char* to, std::span<char const> from, mask_key key, std::size_t offset = 0) noexcept;

/// `key` as it applies to bytes that stand `offset` bytes further on in the payload.
constexpr mask_key turned(mask_key const& key, std::size_t offset) noexcept {
  return {key[offset % 4], key[(offset + 1) % 4], key[(offset + 2) % 4], key[(offset + 3) % 4]};
}

}  // namespace gw::wire
