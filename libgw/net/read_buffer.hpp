// The bytes of one worker that everything is read into and, where it need not wait, sent from. The cost of both is
// copying by the kernel, so where the buffer lies and how large it is was measured (bench/README.md).
#pragma once

#include <cstddef>
#include <memory>
#include <new>
#include <span>

namespace gw::net {

class read_buffer {
 public:
  /// 256 KiB, and room for the headers of the frames that come with them: else whoever sends powers of two would leave
  /// a few bytes for a read and a send of their own, every time.
  static constexpr std::size_t size = 264 * 1024;

  read_buffer() : memory_(static_cast<char*>(::operator new(offset + size, alignment))) {}

  std::span<char> bytes() const noexcept { return {memory_.get() + offset, size}; }

 private:
  static constexpr std::size_t page = 4096;
  static constexpr std::align_val_t alignment{page};
  /// The kernel's pages hold the bytes of a stream from their beginning on, give or take some headers. `rep movsb`, by
  /// which it copies, takes 15 times as long on an AMD Zen 4 if, modulo the size of a page, its target lies 1 to
  /// 15 bytes behind its source. From the middle of a page it does not, whichever way is copied.
  static constexpr std::size_t offset = page / 2;

  struct release {
    void operator()(char* memory) const noexcept { ::operator delete(memory, alignment); }
  };
  std::unique_ptr<char, release> memory_;
};

}  // namespace gw::net
