#include "core/did_you_mean.hpp"

#include "testing/catch.hpp"

#include <array>

TEST_CASE("the edit distance counts insertions, deletions, replacements and swaps") {
  auto const check = [](std::string_view a, std::string_view b, std::size_t expected) {
    CAPTURE(a, b);
    CHECK(gw::edit_distance(a, b) == expected);
    CHECK(gw::edit_distance(b, a) == expected);
  };
  check("", "", 0);
  check("", "abc", 3);
  check("bind", "bind", 0);
  check("bind", "BIND", 0);
  check("bind", "bnd", 1);
  check("bind", "bid", 1);
  check("bind", "bund", 1);
  check("bind", "bidn", 1);
  check("kitten", "sitting", 3);
}

TEST_CASE("the nearest known word is guessed, or none") {
  constexpr auto known = std::to_array<std::string_view>({"bind", "name", "max_message", "hold", "hosts", "ws"});
  auto const check = [&](std::string_view word, std::string_view expected) {
    CAPTURE(word);
    CHECK(gw::did_you_mean(word, known) == expected);
  };
  check("bnid", "bind");
  check("mx_mesage", "max_message");
  check("Host", "hosts");
  check("hots", "hosts");
  check("wss", "ws");
  check("xyz", "");
  check("a", "");
  check("completely_else", "");
  check(std::string(100, 'x'), "");
  CHECK(gw::did_you_mean_text("nane", known) == "; did you mean 'name'?");
  CHECK(gw::did_you_mean_text("zzzzz", known).empty());
  CHECK(gw::guess_or_list("nane", known, "write one of") == "; did you mean 'name'?");
  CHECK(gw::guess_or_list("zzzzz", std::span(known).first(2), "write one of") == "; write one of bind, name");
}
