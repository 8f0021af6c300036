#include "route/search.hpp"

#include "testing/catch.hpp"

TEST_CASE("a regex that does not compile is refused with the place and the reason") {
  auto const check = [](std::string_view regex, std::size_t at, std::string_view reason) {
    CAPTURE(regex);
    auto const fault = gw::route::regex_fault(regex);
    REQUIRE(fault.has_value());
    CHECK(fault->at == at);
    CHECK(fault->text == reason);
  };
  check("a(b", 0, "missing ): a(b");
  check("ab[z-a]", 3, "invalid character class range: z-a");
  check("a**", 1, "bad repetition operator: **");
  check("ab\\8", 2, "invalid escape sequence: \\8");
  check("x(?=y)", 1, "RE2 cannot look ahead or behind; say it with another condition");
  check("x(?<!y)", 1, "RE2 cannot look ahead or behind; say it with another condition");
  check("x(?<name>y)", 1, "RE2 names a capture (?P<name>...)");
}

TEST_CASE("a regex that needs more memory than a rule may take is refused") {
  CHECK(gw::route::regex_fault("((a{100}){100}){100}").has_value());
  CHECK(gw::route::regex_fault("(((a{90}b){90}c){9}d){9}").has_value());
}

TEST_CASE("the named captures of a regex are listed, those without a name are not") {
  auto const check = [](std::string_view regex, std::vector<std::string> const& names) {
    CAPTURE(regex);
    CHECK_FALSE(gw::route::regex_fault(regex).has_value());
    CHECK(gw::route::capture_names(regex) == names);
  };
  check("", {});
  check("^(a)(?:b)$", {});
  check("^/exec/(?P<inst>[^/]+)/(?P<act>.*)", {"act", "inst"});
  CHECK(gw::route::capture_names("(?P<a>").empty());
}
