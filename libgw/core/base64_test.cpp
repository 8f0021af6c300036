#include "core/base64.hpp"

#include "testing/catch.hpp"

#include <optional>
#include <string>

using namespace gw;

TEST_CASE("bytes become base64 and bytes again, as RFC 4648 section 10 has them") {
  auto const check = [](std::string const& bytes, std::string const& text) {
    CHECK(base64_encode(bytes) == text);
    CHECK(base64_decode(text) == bytes);
  };
  check("", "");
  check("f", "Zg==");
  check("fo", "Zm8=");
  check("foo", "Zm9v");
  check("foob", "Zm9vYg==");
  check("fooba", "Zm9vYmE=");
  check("foobar", "Zm9vYmFy");
  check(std::string("\x00\xff\xfb", 3), "AP/7");
}

TEST_CASE("what is not base64 is not decoded") {
  for (auto const* const text : {"Z", "Zg=", "Zg", "Z===", "Zm9v!===", "Zg==Zg==", "Zm 9", "====", "Zm9-"}) {
    INFO(text);
    CHECK(base64_decode(text) == std::nullopt);
  }
}
