// The blocks that queued output lives in, recycled last-in first-out per worker: warm in the cache, and never near
// malloc's mmap threshold (which would fault pages in on every turn). Three sizes: a queue begins with the smallest
// that holds what there is (a crowd of half-open channels keeps a message each), and goes on in larger ones. One thread
// only.
#pragma once

#include "core/counter.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <new>
#include <utility>

namespace gw {

/// The head of a block; its bytes lie behind it.
struct chunk {
  static constexpr std::size_t tiny_size = 512;
  static constexpr std::size_t small_size = 4 * 1024;
  static constexpr std::size_t large_size = 64 * 1024;

  explicit chunk(std::size_t whole) noexcept : size(static_cast<std::uint32_t>(whole)) {}

  char* bytes() noexcept { return reinterpret_cast<char*>(this) + sizeof(chunk); }
  char const* bytes() const noexcept { return reinterpret_cast<char const*>(this) + sizeof(chunk); }
  std::size_t capacity() const noexcept { return size - sizeof(chunk); }

  static void* operator new(std::size_t, std::size_t whole) { return ::operator new(whole); }
  static void operator delete(void* gone) { ::operator delete(gone); }

  std::unique_ptr<chunk> next;
  std::uint32_t begin = 0;  // first byte not yet taken out
  std::uint32_t end = 0;    // first byte not yet written
  std::uint32_t marks = 0;  // records that grow down from the far end
  std::uint32_t size;       // of the whole block
};
static_assert(sizeof(chunk) == 24);

class chunk_pool {
 public:
  /// `keep`: blocks of each size held for reuse; the rest goes back to the allocator.
  /// `in_use`: bytes of the blocks that are taken; null: nobody asks.
  explicit chunk_pool(std::size_t keep = 64, counter* in_use = nullptr) noexcept : keep_(keep), in_use_(in_use) {}
  chunk_pool(chunk_pool const&) = delete;
  chunk_pool& operator=(chunk_pool const&) = delete;

  /// The smallest that `bytes` fit into, else a large one, whatever they are.
  std::unique_ptr<chunk> take(std::size_t bytes) {
    auto const whole = bytes + sizeof(chunk);
    auto const size = whole <= chunk::tiny_size    ? chunk::tiny_size
                      : whole <= chunk::small_size ? chunk::small_size
                                                   : chunk::large_size;
    auto taken = shelf_of(size).take(size);
    if (in_use_ != nullptr) in_use_->add(taken->size);
    return taken;
  }

  void give_back(std::unique_ptr<chunk> used) noexcept {
    if (in_use_ != nullptr) in_use_->subtract(used->size);
    shelf_of(used->size).give_back(std::move(used), keep_);
  }

 private:
  /// Free blocks of one size.
  class shelf {
   public:
    shelf() = default;
    ~shelf() {
      while (free_) free_ = std::move(free_->next);
    }
    shelf(shelf const&) = delete;
    shelf& operator=(shelf const&) = delete;

    std::unique_ptr<chunk> take(std::size_t size) {
      if (!free_) return std::unique_ptr<chunk>(new (size) chunk(size));
      auto taken = std::move(free_);
      free_ = std::move(taken->next);
      --held_;
      taken->begin = taken->end = taken->marks = 0;
      return taken;
    }

    void give_back(std::unique_ptr<chunk> used, std::size_t keep) noexcept {
      if (held_ == keep) return;
      used->next = std::move(free_);
      free_ = std::move(used);
      ++held_;
    }

   private:
    std::unique_ptr<chunk> free_;
    std::size_t held_ = 0;
  };

  shelf& shelf_of(std::size_t size) noexcept {
    return size == chunk::tiny_size ? tiny_ : size == chunk::small_size ? small_ : large_;
  }

  shelf tiny_;
  shelf small_;
  shelf large_;
  std::size_t keep_;
  counter* in_use_;
};

}  // namespace gw
