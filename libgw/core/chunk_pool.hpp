// Fixed 64 KiB blocks that queued output lives in, recycled last-in first-out per worker: warm in the cache, and never
// near malloc's mmap threshold (which would fault pages in on every turn). One thread only.
#pragma once

#include "core/counter.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>

namespace gw {

struct chunk {
  static constexpr std::size_t size = 64 * 1024;
  static constexpr std::size_t capacity = size - sizeof(void*) - 4 * sizeof(std::uint32_t);

  std::unique_ptr<chunk> next;
  std::uint32_t begin = 0;  // first byte not yet taken out
  std::uint32_t end = 0;    // first byte not yet written
  std::uint32_t marks = 0;  // records that grow down from the far end
  std::uint32_t unused = 0;
  char bytes[capacity];
};
static_assert(sizeof(chunk) == chunk::size);

class chunk_pool {
 public:
  /// `keep`: chunks held for reuse; the rest goes back to the allocator.
  /// `in_use`: bytes of the chunks that are taken; null: nobody asks.
  explicit chunk_pool(std::size_t keep = 64, counter* in_use = nullptr) noexcept : keep_(keep), in_use_(in_use) {}
  ~chunk_pool() {
    while (free_) free_ = std::move(free_->next);
  }
  chunk_pool(chunk_pool const&) = delete;
  chunk_pool& operator=(chunk_pool const&) = delete;

  std::unique_ptr<chunk> take() {
    auto taken = reuse_or_make();
    if (in_use_ != nullptr) in_use_->add(chunk::size);
    return taken;
  }

  void give_back(std::unique_ptr<chunk> used) noexcept {
    if (in_use_ != nullptr) in_use_->subtract(chunk::size);
    if (held_ == keep_) return;
    used->next = std::move(free_);
    free_ = std::move(used);
    ++held_;
  }

 private:
  std::unique_ptr<chunk> reuse_or_make() {
    // Not make_unique: that would clear 64 KiB.
    if (!free_) return std::unique_ptr<chunk>(new chunk);
    auto taken = std::move(free_);
    free_ = std::move(taken->next);
    --held_;
    taken->begin = taken->end = taken->marks = 0;
    return taken;
  }

  std::unique_ptr<chunk> free_;
  std::size_t held_ = 0;
  std::size_t keep_;
  counter* in_use_;
};

}  // namespace gw
