#include "tools/keys.hpp"

#include "testing/catch.hpp"
#include "tools/printable.hpp"

#include <string>
#include <vector>

using namespace gw::tools;

namespace {

void check(std::string_view bytes, std::vector<std::string> const& keys, std::string_view rest = "") {
  CAPTURE(bytes);
  std::vector<std::string> got;
  for (auto size = first_key(bytes); size != 0; size = first_key(bytes)) {
    got.emplace_back(bytes.substr(0, size));
    bytes.remove_prefix(size);
  }
  CHECK(got == keys);
  CHECK(bytes == rest);
}

}  // namespace

TEST_CASE("Keys are characters and whole escape sequences") {
  check("", {});
  check("ab\r", {"a", "b", "\r"});
  check("ä€😀", {"ä", "€", "😀"});
  check("\x1b[A\x1bOBx", {"\x1b[A", "\x1bOB", "x"});
  check("\x1b[1;5Cq", {"\x1b[1;5C", "q"});
  check(
      "\x1b"
      "fx",
      {"\x1b"
       "f",
       "x"});
}

TEST_CASE("A key whose end has not come yet waits for it") {
  check("a\x1b", {"a"}, "\x1b");
  check("\x1b[1;5", {}, "\x1b[1;5");
  check("\x1bO", {}, "\x1bO");
  check("x\xe2\x82", {"x"}, "\xe2\x82");
}

TEST_CASE("Bytes that are no UTF-8 are keys of their own") {
  check("\xff\x80x", {"\xff", "\x80", "x"});
  check("\xe2x", {"\xe2", "x"});
  check("\xed\xa0\x80", {"\xed", "\xa0", "\x80"});
  check(std::string("\x1b[") + std::string(40, '1'), {std::string("\x1b[") + std::string(40, '1')});
}

TEST_CASE("Text of strangers cannot move the cursor or turn its direction") {
  CHECK(printable("plain ä€😀") == "plain ä€😀");
  CHECK(printable("\x1b]0;x\x07 \x7f \r\n\t") == "\\x1b]0;x\\x07 \\x7f \\x0d\\x0a\\x09");
  CHECK(printable("a\n\tb\r", true) == "a\n\tb\\x0d");
  CHECK(printable("\u009b31m \u202egpj.exe \u2028 \u2067") == "\\x9b31m \\u202egpj.exe \\u2028 \\u2067");
  CHECK(printable("\xff\xc0\x80\xed\xa0\x80") == "\\xff\\xc0\\x80\\xed\\xa0\\x80");
  CHECK(printable(std::string_view("\0", 1)) == "\\x00");
}
