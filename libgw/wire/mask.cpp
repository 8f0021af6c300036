#include "wire/mask.hpp"

#include <bit>
#include <cstdint>
#include <cstring>

namespace gw::wire {
namespace {

// Vectors by hand: whether g++ 12 finds them itself hangs on the spelling of the loop and on -O3. Loaded and stored
// through memcpy: pointers to a type of lowered alignment lose it in deduction (g++) or in an alias declaration
// (clang).
using block_16 = std::uint64_t __attribute__((vector_size(16)));

/// Collects in `seen` what it stores.
template <class Word>
[[gnu::always_inline]] inline void xor_word(char* to, char const* from, Word const& key, Word& seen) noexcept {
  Word word;
  std::memcpy(&word, from, sizeof word);
  word ^= key;
  seen |= word;
  std::memcpy(to, &word, sizeof word);
}

// Inlined into one function per instruction set below.
template <class Block>
[[gnu::always_inline]] inline bool xor_bytes(char* to, char const* from, std::size_t size, mask_key key) noexcept {
  auto const half = std::bit_cast<std::uint32_t>(key);
  std::uint64_t const key_word = std::uint64_t{half} << 32U | half;
  Block const key_block = Block{} | key_word;
  Block seen_1{};
  Block seen_2{};
  std::uint64_t seen = 0;

  std::size_t done = 0;
  for (; size - done >= 2 * sizeof(Block); done += 2 * sizeof(Block)) {
    xor_word(to + done, from + done, key_block, seen_1);
    xor_word(to + done + sizeof(Block), from + done + sizeof(Block), key_block, seen_2);
  }
  for (; size - done >= sizeof key_word; done += sizeof key_word) xor_word(to + done, from + done, key_word, seen);
  for (; done < size; ++done) {
    auto const byte = static_cast<unsigned char>(static_cast<unsigned char>(from[done]) ^ key[done % 4]);
    seen |= byte;
    to[done] = static_cast<char>(byte);
  }
  Block const both = seen_1 | seen_2;
  for (std::size_t lane = 0; lane < sizeof(Block) / sizeof seen; ++lane) seen |= both[lane];
  return (seen & 0x8080808080808080U) == 0;
}

bool xor_portable(char* to, char const* from, std::size_t size, mask_key key) noexcept {
  return xor_bytes<block_16>(to, from, size, key);
}

#if defined(__x86_64__)
using block_32 = std::uint64_t __attribute__((vector_size(32)));

[[gnu::target("avx2")]] bool xor_avx2(char* to, char const* from, std::size_t size, mask_key key) noexcept {
  return xor_bytes<block_32>(to, from, size, key);
}
#endif

// A branch, not an ifunc (target_clones): those are resolved before a sanitizer's runtime stands.
bool xor_fastest(char* to, char const* from, std::size_t size, mask_key key) noexcept {
#if defined(__x86_64__)
  if (__builtin_cpu_supports("avx2")) return xor_avx2(to, from, size, key);
#endif
  return xor_portable(to, from, size, key);
}

}  // namespace

bool apply_mask(std::span<char> bytes, mask_key key) noexcept {
  return xor_fastest(bytes.data(), bytes.data(), bytes.size(), key);
}

bool mask_copy(char* to, std::span<char const> from, mask_key key) noexcept {
  return xor_fastest(to, from.data(), from.size(), key);
}

}  // namespace gw::wire
