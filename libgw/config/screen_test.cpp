#include "config/screen.hpp"

#include "config/load.hpp"
#include "testing/catch.hpp"

#include <string>

namespace {

/// "line:column text", or "fine".
std::string screened(std::string_view toml) {
  auto const fault = gw::config::screen_toml(toml);
  if (!fault) return "fine";
  return std::to_string(fault->at.line) + ":" + std::to_string(fault->at.column) + " " + fault->text;
}

std::string dots(std::size_t count) {
  return std::string(count, '.');
}

}  // namespace

TEST_CASE("control characters are refused wherever they stand") {
  CHECK(screened(std::string_view("# \0", 3)) == "1:3 a control character");
  CHECK(screened("\r\n\t\xC3\xA9") == "2:2 non-ASCII characters may stand in strings and comments only");
  CHECK(screened("\"\xC3\xA9\x0b") == "1:3 a control character");
  CHECK(screened("\x7f") == "1:1 a control character");
}

TEST_CASE("non-ASCII characters stand in strings and comments only") {
  auto const refused = [](std::string_view toml) { return screened(toml) != "fine"; };
  CHECK_FALSE(refused("\xEF\xBB\xBF# \xC3\xA9\na = \"\xC3\xA9\"\nb = '\xC3\xA9'\n"));
  CHECK_FALSE(refused("a = \"\"\"\n\xC3\xA9 \\\" \\\\\"\"\"\"\" # \xC3\xA9\nb = '''\n'\xC3\xA9'''' # \xC3\xA9"));
  CHECK(refused("\xC3\xA9 = 1"));
  CHECK(refused("a = \"\"\xC3\xA9"));
  CHECK(refused("a = \"\\\\\"\xC3\xA9"));
  CHECK(refused("a = '\\'\xC3\xA9"));
  CHECK(refused("a = \"open\n\xC3\xA9"));
  CHECK(refused("a = '''\n''''\xC3\xA9"));
}

TEST_CASE("a line has a bounded number of dots outside strings and comments") {
  CHECK(screened("a" + dots(16) + "\nb" + dots(16)) == "fine");
  CHECK(screened("a" + dots(17)) == "1:18 a line has too many dots outside strings");
  CHECK(screened("a = \"" + dots(99) + "\" # " + dots(99)) == "fine");
}

TEST_CASE("what is refused is a problem with its place, and a key of a hundred thousand parts is not recursed into") {
  std::string key = "a";
  for (int i = 0; i < 100'000; ++i) key += ".a";
  auto const problems = gw::config::load_text("x = 1\n" + key + " = 1", "f.toml").problems;
  REQUIRE(problems.size() == 1);
  CHECK(format(problems[0]) == "f.toml:2:34: error: a line has too many dots outside strings");
}
