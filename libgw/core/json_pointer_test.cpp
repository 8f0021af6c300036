#include "core/json_pointer.hpp"

#include "testing/catch.hpp"

using namespace gw;

TEST_CASE("what is no JSON Pointer is told apart from what is one, with the reason") {
  for (auto const* const good : {"", "/", "/a", "/a/0//b", "/a~0b~1c", "/~01", "/ "})
    CHECK(json_pointer_fault(good).empty());
  for (auto const* const bare : {"a", " /a", "~0", "#/a"}) {
    CHECK(json_pointer_fault(bare) == "a JSON Pointer begins with '/'");
  }
  for (auto const* const loose : {"/~", "/a~", "/~2", "/~~0", "/a~0/b~"}) {
    CHECK(json_pointer_fault(loose) == "'~' is written '~0', and '/' in a name '~1'");
  }
}

TEST_CASE("a part of a JSON Pointer names a member (the examples of RFC 6901 section 5)") {
  CHECK(json_pointer_name("foo") == "foo");
  CHECK(json_pointer_name("").empty());
  CHECK(json_pointer_name("a~1b") == "a/b");
  CHECK(json_pointer_name("m~0n") == "m~n");
  CHECK(json_pointer_name("~01") == "~1");
  CHECK(json_pointer_name("c%d e^f\"\\") == "c%d e^f\"\\");
}
