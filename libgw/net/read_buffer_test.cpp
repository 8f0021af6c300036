#include "net/read_buffer.hpp"

#include "testing/catch.hpp"

#include <cstdint>

namespace gw::net {
namespace {

TEST_CASE("the read buffer begins in the middle of a page and holds frames of powers of two with their headers") {
  read_buffer const buffer;
  auto const bytes = buffer.bytes();
  CHECK(reinterpret_cast<std::uintptr_t>(bytes.data()) % 4096 == 2048);
  CHECK(bytes.size() >= 4 * (64 * 1024 + 14));
  bytes.front() = 'a';
  bytes.back() = 'z';
  CHECK(buffer.bytes().data() == bytes.data());
}

}  // namespace
}  // namespace gw::net
