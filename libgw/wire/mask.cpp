#include "wire/mask.hpp"

#include <cstdint>
#include <cstring>

namespace gw::wire {
namespace {

// Vectors by hand: whether g++ 12 finds them itself hangs on the spelling of the loop and on -O3. Loaded and stored
// through memcpy: pointers to a type of lowered alignment lose it in deduction (g++) or in an alias declaration
// (clang).
using block_16 = std::uint64_t __attribute__((vector_size(16)));

template <class Word>
[[gnu::always_inline]] inline void xor_word(char* to, char const* from, Word const& key) noexcept {
  Word word;
  std::memcpy(&word, from, sizeof word);
  word ^= key;
  std::memcpy(to, &word, sizeof word);
}

// `key`: turned so that its first byte applies to from[0]. Inlined into one function per instruction set below.
template <class Block>
[[gnu::always_inline]] inline void xor_bytes(char* to, char const* from, std::size_t size, mask_key key) noexcept {
  std::uint32_t half = 0;
  std::memcpy(&half, key.data(), sizeof half);
  std::uint64_t const key_word = std::uint64_t{half} << 32U | half;
  Block const key_block = Block{} | key_word;

  std::size_t done = 0;
  for (; size - done >= 2 * sizeof(Block); done += 2 * sizeof(Block)) {
    xor_word(to + done, from + done, key_block);
    xor_word(to + done + sizeof(Block), from + done + sizeof(Block), key_block);
  }
  for (; size - done >= sizeof key_word; done += sizeof key_word) xor_word(to + done, from + done, key_word);
  for (; done < size; ++done) to[done] = static_cast<char>(static_cast<unsigned char>(from[done]) ^ key[done % 4]);
}

void xor_portable(char* to, char const* from, std::size_t size, mask_key key) noexcept {
  xor_bytes<block_16>(to, from, size, key);
}

#if defined(__x86_64__)
using block_32 = std::uint64_t __attribute__((vector_size(32)));

[[gnu::target("avx2")]] void xor_avx2(char* to, char const* from, std::size_t size, mask_key key) noexcept {
  xor_bytes<block_32>(to, from, size, key);
}
#endif

// A branch, not an ifunc (target_clones): those are resolved before a sanitizer's runtime stands.
void xor_fastest(char* to, char const* from, std::size_t size, mask_key key) noexcept {
#if defined(__x86_64__)
  if (__builtin_cpu_supports("avx2")) return xor_avx2(to, from, size, key);
#endif
  xor_portable(to, from, size, key);
}

}  // namespace

void apply_mask(std::span<char> bytes, mask_key key, std::size_t offset) noexcept {
  xor_fastest(bytes.data(), bytes.data(), bytes.size(), turned(key, offset));
}

void mask_copy(char* to, std::span<char const> from, mask_key key, std::size_t offset) noexcept {
  xor_fastest(to, from.data(), from.size(), turned(key, offset));
}

}  // namespace gw::wire
