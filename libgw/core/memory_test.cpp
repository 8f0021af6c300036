#include "core/memory.hpp"

#include "testing/catch.hpp"

#include <cstring>
#include <memory>

TEST_CASE("the process may use some memory, and uses less than that") {
  auto const allowed = gw::memory_allowed();
  auto const resident = gw::memory_resident();
  CHECK(allowed > 32 * 1024 * 1024);
  CHECK(resident > 1024 * 1024);
  CHECK(resident < allowed);
}

TEST_CASE("memory that is written to is resident, and free memory is given back") {
  constexpr std::size_t size = 64 * 1024 * 1024;
  auto const before = gw::memory_resident();
  {
    std::unique_ptr<char[]> const block(new char[size]);
    std::memset(block.get(), 1, size);
    CHECK(gw::memory_resident() >= before + size * 9 / 10);
  }
  gw::release_free_memory();
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
  CHECK(gw::memory_resident() < before + size / 2);
#endif
}
