#include "config/problem.hpp"

#include "testing/catch.hpp"

TEST_CASE("a problem is shown with its line and a caret under the place") {
  auto const check = [](gw::config::problem const& p, std::string_view expected) {
    CHECK(gw::config::format(p) == expected);
  };
  check({.file = "f.toml", .line = 12, .column = 8, .key = "a.b", .text = "bad", .source_line = "bind = \"x\""},
        "f.toml:12:8: error: a.b: bad\n   12 | bind = \"x\"\n      |        ^");
  check({.file = "f.toml", .line = 1, .column = 1, .text = "bad", .source_line = "x"},
        "f.toml:1:1: error: bad\n    1 | x\n      | ^");
  check({.file = "f.toml", .text = "bad"}, "f.toml: error: bad");
  // tabs stay tabs and a letter of two bytes is one column
  check({.file = "f", .line = 1, .column = 5, .text = "bad", .source_line = "\t\xC3\xA9 = 1"},
        "f:1:5: error: bad\n    1 | \t\xC3\xA9 = 1\n      | \t   ^");
}

TEST_CASE("what a file says cannot steer the terminal") {
  auto const shown = gw::config::format(
      {.file = "f", .line = 1, .column = 1, .key = "a\x1b[2J", .text = "bad\nbad", .source_line = "\x1b]0;x\x07"});
  CHECK(shown == "f:1:1: error: a?[2J: bad?bad\n    1 | ?]0;x?\n      | ^");
}

TEST_CASE("an endless line is not shown") {
  CHECK(
      gw::config::format({.file = "f", .line = 1, .column = 9, .text = "bad", .source_line = std::string(5000, 'x')}) ==
      "f:1:9: error: bad");
}
