#include "net/gunzip.hpp"

#include "testing/catch.hpp"

#include <zlib.h>

#include <string>

using namespace gw;

namespace {

std::string gzip(std::string plain) {
  z_stream z{};
  REQUIRE(::deflateInit2(&z, 6, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY) == Z_OK);
  std::string packed(::deflateBound(&z, plain.size()), '\0');
  z.next_in = reinterpret_cast<Bytef*>(plain.data());
  z.avail_in = static_cast<uInt>(plain.size());
  z.next_out = reinterpret_cast<Bytef*>(packed.data());
  z.avail_out = static_cast<uInt>(packed.size());
  REQUIRE(::deflate(&z, Z_FINISH) == Z_STREAM_END);
  packed.resize(packed.size() - z.avail_out);
  ::deflateEnd(&z);
  return packed;
}

}  // namespace

TEST_CASE("gzip is unpacked up to the limit") {
  for (std::size_t const size : {0U, 1U, 16384U, 100'000U}) {
    std::string const plain(size, 'x');
    CHECK(*net::gunzip(gzip(plain), size) == plain);
    if (size > 0) CHECK(net::gunzip(gzip(plain), size - 1).error().code == errc::upstream_too_big);
  }
}

TEST_CASE("what is not one whole gzip is refused") {
  auto const good = gzip("a text of some length, a text of some length");
  for (std::size_t cut = 0; cut < good.size(); ++cut) CHECK(net::gunzip(good.substr(0, cut), 1000).has_error());
  auto wrong_sum = good;
  wrong_sum[wrong_sum.size() - 6] = static_cast<char>(wrong_sum[wrong_sum.size() - 6] ^ 1);
  CHECK(net::gunzip(wrong_sum, 1000).has_error());
  CHECK(net::gunzip(good + "x", 1000).has_error());
  CHECK(net::gunzip("{}", 1000).has_error());
}
