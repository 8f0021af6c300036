#include "core/trimmed.hpp"

#include "testing/catch.hpp"

using namespace gw;

TEST_CASE("A text loses the white space around it, and no other") {
  CHECK(trimmed("  a b\t\r\n") == "a b");
  CHECK(trimmed("a") == "a");
  CHECK(trimmed(" \n ").empty());
  CHECK(trimmed("").empty());
  CHECK(trimmed(" a\n", " ") == "a\n");
}
