// Masking (RFC 6455 section 5.3): XOR with a four-byte key, at the speed of memory. Masking and unmasking are the same.
// Used by the decoder, the relay and whoever writes client frames.
#pragma once

#include "wire/frame.hpp"

#include <bit>
#include <cstddef>
#include <cstdint>
#include <span>

namespace gw::wire {

/// Masks or unmasks `bytes` in place; `key[0]` applies to the first of them. Returns whether they are all ASCII now:
/// if no code point was begun before them, nobody need look at them again to know that they are UTF-8.
bool apply_mask(std::span<char> bytes, mask_key key) noexcept;

/// The same from `from` to `to`, which has room for as many bytes and does not overlap.
bool mask_copy(char* to, std::span<char const> from, mask_key key) noexcept;

/// `key` as it applies to bytes that stand `offset` bytes further on in the payload.
constexpr mask_key turned(mask_key const& key, std::size_t offset) noexcept {
  // As a word, since bytes that are stored one by one cannot be loaded as a word before they have reached the cache.
  auto const word = std::bit_cast<std::uint32_t>(key);
  auto const bits = static_cast<int>(offset % 4 * 8);
  return std::bit_cast<mask_key>(std::endian::native == std::endian::little ? std::rotr(word, bits)
                                                                            : std::rotl(word, bits));
}

}  // namespace gw::wire
