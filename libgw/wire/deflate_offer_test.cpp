#include "wire/deflate_offer.hpp"

#include "testing/catch.hpp"

#include <optional>
#include <string>
#include <vector>

namespace gw::wire {
namespace {

std::optional<deflate_terms> chosen(std::vector<std::string> const& values) {
  head_fields head;
  for (auto const& value : values) head.fields.push_back({"Sec-WebSocket-Extensions", value});
  return choose_deflate(head);
}

void check_accepted(std::vector<std::string> const& values, deflate_terms const& expected = {}) {
  CAPTURE(values);
  auto const terms = chosen(values);
  REQUIRE(terms.has_value());
  CHECK(terms->window_bits == expected.window_bits);
  CHECK(terms->window_asked == expected.window_asked);
}

void check_declined(std::string const& value) {
  CAPTURE(value);
  CHECK_FALSE(chosen({value}).has_value());
}

TEST_CASE("an offer of permessage-deflate is accepted with every parameter of RFC 7692") {
  for (auto const* const offer :
       {"permessage-deflate", "permessage-deflate; client_max_window_bits",
        "permessage-deflate; client_max_window_bits=8", "permessage-deflate; client_max_window_bits=15",
        "permessage-deflate; server_no_context_takeover", "permessage-deflate; client_no_context_takeover",
        "permessage-deflate; client_no_context_takeover; server_no_context_takeover; client_max_window_bits=\"12\"",
        "\tpermessage-deflate ;server_no_context_takeover\t;  client_no_context_takeover "}) {
    check_accepted({offer});
  }
  check_accepted({"permessage-deflate; server_max_window_bits=8"}, {8, true});
  check_accepted({"permessage-deflate; server_max_window_bits=15"}, {15, true});
  check_accepted({R"(permessage-deflate; server_max_window_bits="10"; client_max_window_bits)"}, {10, true});
  check_accepted({R"(permessage-deflate; server_max_window_bits="1\0")"}, {10, true});
}

TEST_CASE("an offer with a parameter that is unknown, bad or there twice is declined") {
  for (auto const* const offer : {"permessage-deflate; unknown",
                                  "permessage-deflate; unknown=1",
                                  "permessage-deflate; Server_No_Context_Takeover",
                                  "permessage-deflate; server_no_context_takeover=1",
                                  "permessage-deflate; client_no_context_takeover=\"true\"",
                                  "permessage-deflate; server_max_window_bits",
                                  "permessage-deflate; server_max_window_bits=7",
                                  "permessage-deflate; server_max_window_bits=16",
                                  "permessage-deflate; server_max_window_bits=08",
                                  "permessage-deflate; server_max_window_bits=+9",
                                  "permessage-deflate; server_max_window_bits=9x",
                                  "permessage-deflate; client_max_window_bits=7",
                                  "permessage-deflate; client_max_window_bits=99",
                                  "permessage-deflate; client_max_window_bits=015",
                                  "permessage-deflate; client_max_window_bits=115",
                                  "permessage-deflate; server_no_context_takeover; server_no_context_takeover",
                                  "permessage-deflate; client_max_window_bits; client_max_window_bits=10",
                                  "x-webkit-deflate-frame",
                                  "Permessage-Deflate",
                                  "permessage-deflate2",
                                  "permessage-bzip2; client_max_window_bits"}) {
    check_declined(offer);
  }
}

TEST_CASE("the first offer that can be accepted is chosen, from one field or from several") {
  check_accepted({"permessage-deflate; server_max_window_bits=99, permessage-deflate; server_max_window_bits=9"},
                 {9, true});
  check_accepted({"foo; bar=\"a\", permessage-deflate, permessage-deflate; server_max_window_bits=9"});
  check_accepted({"foo", "permessage-deflate; server_max_window_bits=11", "permessage-deflate"}, {11, true});
  check_accepted({", ,permessage-deflate,,"});
  check_accepted({"", "permessage-deflate"});
}

TEST_CASE("a list that breaks the grammar offers nothing at all") {
  for (auto const* const value : {"",
                                  ",",
                                  " , ",
                                  ";",
                                  ";;;,,,=",
                                  "permessage-deflate;",
                                  "permessage-deflate; ",
                                  "permessage-deflate;;",
                                  "permessage-deflate; =",
                                  "permessage-deflate; server_max_window_bits=",
                                  "permessage-deflate; server_max_window_bits = 9",
                                  "permessage-deflate; server_max_window_bits=\"9",
                                  "permessage-deflate; server_max_window_bits=\"9\\",
                                  "permessage-deflate; server_max_window_bits=\"\"",
                                  "permessage-deflate; server_max_window_bits=\"9 \"",
                                  "permessage-deflate; server_max_window_bits=\"9\"9",
                                  "permessage-deflate foo",
                                  "permessage-deflate, \"foo\"",
                                  "permessage-deflate, foo; a=b c",
                                  "permessage-deflate, foo@bar",
                                  "permessage-deflate\v",
                                  "permessage/deflate"}) {
    check_declined(value);
  }
  CHECK_FALSE(chosen({"permessage-deflate", "foo;"}).has_value());
  CHECK_FALSE(chosen({}).has_value());
}

TEST_CASE("a long list of offers is read to its end") {
  std::string many = "a0";
  for (int i = 1; i < 1'000; ++i) many += ", a" + std::to_string(i) + "; b=\"c\"";
  check_declined(many);
  check_accepted({many + ", permessage-deflate"});
}

TEST_CASE("an answer gives up both contexts, confirms a window that was asked for, and is one that we accept") {
  std::string const contexts = "permessage-deflate; server_no_context_takeover; client_no_context_takeover";
  CHECK(deflate_answer({}) == contexts);
  CHECK(deflate_answer({9, true}) == contexts + "; server_max_window_bits=9");
  CHECK(deflate_answer({15, true}) == contexts + "; server_max_window_bits=15");
  for (auto const& answer : {deflate_answer({}), deflate_answer({9, true})}) {
    CHECK(accepts_deflate_offer({{{"Sec-WebSocket-Extensions", answer}}}));
  }
}

TEST_CASE("a client accepts what fits its offer only") {
  auto const accepts = [](std::string const& value) {
    return accepts_deflate_offer({{{"Sec-WebSocket-Extensions", value}}});
  };
  CHECK(accepts("permessage-deflate; server_no_context_takeover"));
  CHECK(
      accepts("permessage-deflate; client_no_context_takeover; server_no_context_takeover; server_max_window_bits=9"));
  for (auto const* const value :
       {"permessage-deflate", "permessage-deflate; client_no_context_takeover",
        "permessage-deflate; server_no_context_takeover; client_max_window_bits=15",
        "permessage-deflate; server_no_context_takeover; server_max_window_bits",
        "permessage-deflate; server_no_context_takeover; unknown",
        "permessage-deflate; server_no_context_takeover, permessage-deflate; server_no_context_takeover",
        "permessage-deflate; server_no_context_takeover, foo", "foo", ""}) {
    CAPTURE(value);
    CHECK_FALSE(accepts(value));
  }
}

}  // namespace
}  // namespace gw::wire
