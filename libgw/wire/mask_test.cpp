#include "wire/mask.hpp"

#include "testing/catch.hpp"
#include "wire/mask_keys.hpp"

#include <set>
#include <string>
#include <vector>

namespace gw::wire {
namespace {

mask_key const key = {0x37, 0xFA, 0x21, 0x3D};

std::vector<char> sample(std::size_t size) {
  std::vector<char> bytes(size);
  for (std::size_t i = 0; i < size; ++i) bytes[i] = static_cast<char>(i * 7 + i / 256);
  return bytes;
}

// RFC 6455 section 5.3, word for word.
std::vector<char> as_defined(std::vector<char> bytes, std::size_t from, std::size_t size, std::size_t offset) {
  for (std::size_t i = 0; i < size; ++i) {
    bytes[from + i] = static_cast<char>(static_cast<unsigned char>(bytes[from + i]) ^ key[(offset + i) % 4]);
  }
  return bytes;
}

void check(std::size_t from, std::size_t size, std::size_t offset) {
  CAPTURE(from, size, offset);
  std::vector<char> const original = sample(from + size + 70);  // what stands around must stay
  std::vector<char> const expected = as_defined(original, from, size, offset);

  std::vector<char> in_place = original;
  apply_mask({in_place.data() + from, size}, turned(key, offset));
  REQUIRE(in_place == expected);

  std::vector<char> copy = original;
  std::vector<char> const source(original.begin() + static_cast<std::ptrdiff_t>(from),
                                 original.begin() + static_cast<std::ptrdiff_t>(from + size));
  mask_copy(copy.data() + from, source, turned(key, offset));
  REQUIRE(copy == expected);

  apply_mask({in_place.data() + from, size}, turned(key, offset));
  REQUIRE(in_place == original);
}

TEST_CASE("masking is what RFC 6455 defines, at every length, place and offset") {
  for (std::size_t size = 0; size <= 200; ++size) {
    for (std::size_t from = 0; from < 33; from += 3) {
      for (std::size_t offset = 0; offset < 4; ++offset) check(from, size, offset);
    }
  }
  for (std::size_t const size : {255U, 256U, 257U, 4'095U, 4'096U, 4'099U, 65'535U, 65'536U, 65'543U}) {
    for (std::size_t offset = 0; offset < 9; ++offset) check(offset * 5, size, offset);
  }
}

TEST_CASE("a payload masked part by part is masked the same") {
  std::vector<char> const original = sample(1'000);
  std::vector<char> const expected = as_defined(original, 0, original.size(), 0);
  for (std::size_t step = 1; step < 140; ++step) {
    std::vector<char> bytes = original;
    for (std::size_t at = 0; at < bytes.size(); at += step) {
      apply_mask({bytes.data() + at, std::min(step, bytes.size() - at)}, turned(key, at));
    }
    REQUIRE(bytes == expected);
  }
}

TEST_CASE("masking tells whether what comes out is ASCII, wherever the one byte stands that is not") {
  for (std::size_t size = 0; size <= 200; ++size) {
    std::vector<char> masked(size, 'a');
    apply_mask(masked, key);
    auto plain = masked;
    REQUIRE(apply_mask(plain, key));
    for (std::size_t at = 0; at < size; ++at) {
      auto odd = masked;
      odd[at] = static_cast<char>(static_cast<unsigned char>(odd[at]) ^ 0x80U);
      REQUIRE_FALSE(apply_mask(odd, key));
      REQUIRE_FALSE(mask_copy(odd.data(), std::vector<char>(odd), {}));
    }
  }
}

TEST_CASE("a turned key begins further on") {
  CHECK(turned(key, 0) == key);
  CHECK(turned(key, 1) == mask_key{0xFA, 0x21, 0x3D, 0x37});
  CHECK(turned(key, 4'099) == mask_key{0x3D, 0x37, 0xFA, 0x21});
}

TEST_CASE("mask keys are fresh, also across the blocks they are drawn in") {
  mask_keys one;
  mask_keys other;
  std::set<mask_key> seen;
  constexpr std::size_t draws = 10'000;
  for (std::size_t i = 0; i < draws; ++i) {
    seen.insert(one.next());
    seen.insert(other.next());
  }
  // Of 20,000 random 32-bit keys 0.05 pairs are expected to be alike.
  CHECK(seen.size() >= 2 * draws - 5);
}

TEST_CASE("every bit of a mask key is random") {
  mask_keys keys;
  std::array<int, 32> ones{};
  constexpr int draws = 10'000;
  for (int i = 0; i < draws; ++i) {
    mask_key const drawn = keys.next();
    for (std::size_t bit = 0; bit < 32; ++bit) ones[bit] += drawn[bit / 8] >> (bit % 8) & 1;
  }
  // Ten standard deviations.
  for (int const count : ones) CHECK(std::abs(count - draws / 2) < 500);
}

}  // namespace
}  // namespace gw::wire
