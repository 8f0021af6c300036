#include "core/letters.hpp"

#include "testing/catch.hpp"

TEST_CASE("ASCII letters have a lower case, and nothing else has one") {
  CHECK(gw::lower("AZaz09@[`{\xc3\x84") == "azaz09@[`{\xc3\x84");
  CHECK(gw::same_letters("Content-Type", "content-tYPE"));
  CHECK_FALSE(gw::same_letters("a", "ab"));
  CHECK_FALSE(gw::same_letters("@", "`"));
}
