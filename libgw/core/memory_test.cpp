#include "core/memory.hpp"

#include "testing/catch.hpp"

#include <cstring>
#include <memory>
#include <vector>

TEST_CASE("the process may use some memory, and uses less than that") {
  auto const allowed = gw::memory_allowed();
  auto const resident = gw::memory_resident();
  CHECK(allowed > 32 * 1024 * 1024);
  CHECK(resident > 1024 * 1024);
  CHECK(resident < allowed);
}

TEST_CASE("memory that is written to is resident, and what is free is given back") {
  // Blocks below the allocator's threshold for mapping, and one above them that stays: nothing goes back by itself.
  constexpr std::size_t size = 64 * 1024;
  constexpr std::size_t count = 1024;
  auto const before = gw::memory_resident();
  std::vector<std::unique_ptr<char[]>> blocks;
  for (std::size_t i = 0; i < count; ++i) {
    blocks.emplace_back(new char[size]);
    std::memset(blocks.back().get(), 1, size);
  }
  CHECK(gw::memory_resident() >= before + count * size * 9 / 10);
  blocks.erase(blocks.begin(), blocks.end() - 1);
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
  CHECK(gw::memory_resident() >= before + count * size / 2);
  gw::release_free_memory();
  CHECK(gw::memory_resident() < before + count * size / 2);
#endif
}
