// Preloaded (LD_PRELOAD) into a program: its allocation number FAIL_MALLOC_AT and the FAIL_MALLOC_COUNT - 1 after it
// (default: just that one) return null. They are counted from the moment when FAIL_MALLOC_AFTER, a file, exists, so
// that a program can start first; it is removed when the first one fails. Without FAIL_MALLOC_AT nothing fails.
#include <dlfcn.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstdlib>

namespace {

// tidy: global: a preloaded library has nowhere else to keep what it knows
std::atomic<long> allocations{0};
// tidy: global: see above
std::atomic<bool> counting{false};

long number(char const* name, long otherwise) {
  char const* const text = std::getenv(name);
  return text == nullptr ? otherwise : std::atol(text);
}

/// Whether this allocation is one that fails.
bool fails() {
  static long const first = number("FAIL_MALLOC_AT", 0);
  static long const count = number("FAIL_MALLOC_COUNT", 1);
  static char const* const after = std::getenv("FAIL_MALLOC_AFTER");
  if (first == 0) return false;
  if (!counting.load(std::memory_order_relaxed)) {
    if (after != nullptr && ::access(after, F_OK) != 0) return false;
    counting.store(true, std::memory_order_relaxed);
  }
  long const this_one = allocations.fetch_add(1, std::memory_order_relaxed) + 1;
  if (this_one == first && after != nullptr) ::unlink(after);
  return this_one >= first && this_one < first + count;
}

}  // namespace

extern "C" void* __libc_malloc(std::size_t size);

// The C library's other ways to allocate (calloc, realloc) are left alone: operator new uses malloc only.
extern "C" void* malloc(std::size_t size) {
  int const kept = errno;
  bool const now = fails();
  errno = kept;
  if (now) {
    errno = ENOMEM;
    return nullptr;
  }
  return __libc_malloc(size);
}
