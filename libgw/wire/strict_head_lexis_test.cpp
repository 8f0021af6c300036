#include "wire/strict_head_lexis.hpp"

#include "testing/catch.hpp"

#include <string>
#include <vector>

namespace gw::wire {
namespace {

std::vector<std::string> elements(std::string_view list) {
  std::vector<std::string> out;
  while (auto const element = next_element(list)) out.emplace_back(*element);
  return out;
}

TEST_CASE("exactly the tchars of RFC 9110 are token characters") {
  std::string const tchars = "!#$%&'*+-.^_`|~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
  for (int c = 0; c < 256; ++c) {
    auto const as_char = static_cast<char>(c);
    CHECK(is_token_char(as_char) == (tchars.find(as_char) != std::string::npos));
  }
  CHECK_FALSE(is_token(""));
}

TEST_CASE("a comma list gives its elements trimmed, the empty ones too") {
  using words = std::vector<std::string>;
  CHECK(elements("a") == words{"a"});
  CHECK(elements(" a ,\tb") == words{"a", "b"});
  CHECK(elements("") == words{""});
  CHECK(elements(",a,") == words{"", "a", ""});
  CHECK(elements(std::string_view()).empty());
}

TEST_CASE("names are compared without the case of ASCII letters only") {
  CHECK(same_name("Host", "hOST"));
  CHECK_FALSE(same_name("a@", "a`"));
  CHECK_FALSE(same_name("\xC3\x89", "\xC3\xA9"));
  CHECK(has_prefix("X-User-Id", "x-user-"));
  CHECK_FALSE(has_prefix("X-User", "x-user-"));
}

TEST_CASE("an authority is taken apart into host and port") {
  auto const named = parse_authority("a.example:8443");
  REQUIRE(named);
  CHECK(named->host == "a.example");
  CHECK(named->port == 8443);
  auto const address = parse_authority("[::1]");
  REQUIRE(address);
  CHECK(address->host == "[::1]");
  CHECK_FALSE(address->port);
  CHECK_FALSE(parse_authority(std::string_view("[::1\0]", 6)));
}

}  // namespace
}  // namespace gw::wire
