#include "core/random.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstddef>
#include <system_error>

#include <unistd.h>

namespace gw {
namespace {

constexpr std::size_t block_size = 256;  // as much as getentropy() gives at once

struct block {
  std::array<unsigned char, block_size> bytes;
  std::size_t used = block_size;

  /// Fills as much of `into` as it can; how much that was.
  std::size_t give(std::span<unsigned char> into) {
    if (used == block_size) draw();
    auto const n = std::min(into.size(), block_size - used);
    auto const given = std::span(bytes).subspan(used, n);
    std::copy(given.begin(), given.end(), into.begin());
    std::fill(given.begin(), given.end(), 0);
    used += n;
    return n;
  }

  void draw() {
    if (::getentropy(bytes.data(), bytes.size()) != 0) {
      throw std::system_error(errno, std::generic_category(), "getentropy");
    }
    used = 0;
  }
};

}  // namespace

void fill_random(std::span<unsigned char> into) {
  // tidy: global: bytes in stock, of which it does not matter who gets them
  thread_local block mine;
  while (!into.empty()) into = into.subspan(mine.give(into));
}

}  // namespace gw
