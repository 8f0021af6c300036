#include "core/snippet.hpp"

#include "testing/catch.hpp"

#include <algorithm>
#include <string>
#include <string_view>

namespace {

using gw::one_line;
using gw::snippet;

void check(std::string_view text, std::size_t at, std::string_view expected) {
  INFO(text << " at " << at);
  CHECK(snippet(text, at, "", 20) == expected);
}

TEST_CASE("a short text is shown whole, with a caret under the byte") {
  check("hello", 0, "hello\n^\n");
  check("hello", 4, "hello\n    ^\n");
  check("hello", 5, "hello\n     ^\n");
  check("hello", 99, "hello\n     ^\n");
  check("", 0, "\n^\n");
  CHECK(snippet("ab", 1, "  | ") == "  | ab\n  |  ^\n");
}

TEST_CASE("of a long text a window around the byte is shown") {
  std::string const text = "0123456789abcdefghijklmnopqrstuvwxyz";
  check(text, 0, "0123456789abcdefgh…\n^\n");
  check(text, 16, "…789abcdefghijklmno…\n          ^\n");
  check(text, 35, "…ijklmnopqrstuvwxyz\n                  ^\n");
  check(text, 36, "…jklmnopqrstuvwxyz\n                  ^\n");
}

TEST_CASE("what could steer a terminal is escaped, and the caret stands under the escape") {
  check("a\x1b[2Jb", 1, "a\\u001b[2Jb\n ^\n");
  check("a\n\tb", 3, "a\\n\\tb\n     ^\n");
  check(
      "a\xe2\x80\xae"
      "b",
      4, "a\\u202eb\n       ^\n");  // right-to-left override
  check(std::string_view("\0x", 2), 1, "\\u0000x\n      ^\n");
}

TEST_CASE("characters of several bytes are never cut, and take the columns that a terminal gives them") {
  check("é漢x", 5, "é漢x\n   ^\n");
  check("é漢x", 3, "é漢x\n ^\n");  // inside of the second one
  check("e\xcc\x81x", 3, "e\xcc\x81x\n ^\n");
  std::string text;
  for (int i = 0; i < 40; ++i) text += "漢";
  for (std::size_t at = 0; at <= text.size(); ++at) {
    auto shown = snippet(text, at, "", 20);
    shown = shown.substr(0, shown.find('\n'));
    CHECK((shown.size() % 3) == 0);  // "…" has three bytes, too
    CHECK(shown.find("\\x") == std::string::npos);
  }
}

TEST_CASE("bytes that are not UTF-8 are shown as their numbers") {
  check(
      "a\xff"
      "b",
      1, "a\\xffb\n ^\n");
  check("a\xe2\x82", 2, "a\\xe2\\x82\n     ^\n");
  check("\xc0\xaf", 0, "\\xc0\\xaf\n^\n");
}

TEST_CASE("one line of a text has no more columns than asked for") {
  CHECK(one_line("hello", 5) == "hello");
  CHECK(one_line("hello!", 5) == "hell…");
  CHECK(one_line("a\nb", 80) == "a\\nb");
  CHECK(one_line("漢漢漢", 5) == "漢漢…");
}

}  // namespace
