// Preloaded (LD_PRELOAD) into a program: its allocation number FAIL_MALLOC_AT returns null. Allocations are counted
// from the moment when FAIL_MALLOC_AFTER, a file, exists, so that a program can start first; the file is removed when
// the one fails. Without FAIL_MALLOC_AT nothing fails.
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

/// 0 where the variable is not set.
long number_in(char const* name) {
  char const* const text = std::getenv(name);
  return text == nullptr ? 0 : std::atol(text);
}

/// Whether this allocation is the one that fails.
bool fails() {
  static long const wanted = number_in("FAIL_MALLOC_AT");
  static char const* const after = std::getenv("FAIL_MALLOC_AFTER");
  if (wanted == 0) return false;
  if (!counting.load(std::memory_order_relaxed)) {
    if (after != nullptr && ::access(after, F_OK) != 0) return false;
    counting.store(true, std::memory_order_relaxed);
  }
  if (allocations.fetch_add(1, std::memory_order_relaxed) + 1 != wanted) return false;
  if (after != nullptr) ::unlink(after);
  return true;
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
