#include "route/rule_rows.hpp"

#include <algorithm>
#include <ctime>
#include <limits>

namespace gw::route {
namespace {

TEST_CASE("rules are explained to people, each with its reason") {
  auto t = made({{.id = "topic", .when = {.field = "/topic", .value = {.regex = "^(?P<s>[a-z]+)"}}, .service = "{s}"},
                 {.id = "pin", .when = {.text = "pin (?P<at>.*)"}, .service = "exec", .instance = "{at}"},
                 {.id = "user", .when = {.path = "/ws"}, .service = "exec", .key = "{user}"},
                 {.id = "late", .service = "legacy"}});
  auto const check = [&](std::string_view text, circumstances const& from, std::string_view expected) {
    CHECK(t.explain(text, from) == expected);
  };
  check("pin 10.0.0.1:9001", {},
        "URL rule: no answer (not a JSON object)\n"
        "rule 'topic': the message is no JSON object\n"
        "rule 'pin' answers\n"
        "  at = 10.0.0.1:9001\n"
        "  -> service = exec\n"
        "  -> instance = 10.0.0.1:9001\n"
        "rule 'user' is not asked: 'pin' has answered\n"
        "rule 'late' is not asked: 'pin' has answered\n"
        "service exec\n");
  check(R"({"method":"/x","topic":"ordre"})", {},
        "routing key 'method' at byte 11: /x\n"
        "URL rule: no answer (the routing key does not match url_rule.pattern)\n"
        "rule 'topic' answers\n"
        "  s = ordre\n"
        "  -> service = ordre\n"
        "rule 'pin' is not asked: 'topic' has answered\n"
        "rule 'user' is not asked: 'topic' has answered\n"
        "rule 'late' is not asked: 'topic' has answered\n"
        "NO_ROUTE: no service 'ordre'; did you mean 'order'?\n");
  CHECK(t.explain(R"({"method":1})", {}).ends_with("\nrule 'late' is not asked: this fault is final\n"));
  CHECK(t.explain(R"({"method":"/api/v1/order/x"})", {})
            .ends_with("service order\n"
                       "rule 'topic' is not asked: the URL rule has answered\n"
                       "rule 'pin' is not asked: the URL rule has answered\n"
                       "rule 'user' is not asked: the URL rule has answered\n"
                       "rule 'late' is not asked: the URL rule has answered\n"));
  CHECK(t.explain_binary({.path = "/ws"}) ==
        "binary: not for the URL rule\n"
        "rule 'topic': a binary message has no fields\n"
        "rule 'pin': a binary message is no text\n"
        "rule 'user' answers\n"
        "  -> service = exec\n"
        "rule 'late' is not asked: 'user' has answered\n"
        "RULE_ERROR: the rule needs {user}, and nobody knows who the client is\n");
  CHECK(
      made({{.id = "r", .when = {.path = "/x"}, .service = "order"}}, {.enabled = false}).explain("x", {.path = "/"}) ==
      "NO_ROUTE: url_rule is not enabled\nrule 'r': path / does not match /x\nno rule answers\n");
  CHECK(made({}).explain_binary({}) == "UNSUPPORTED_TYPE: no rule takes binary messages\n");
}

TEST_CASE("rules that cannot work make no table, and the complaint names the rule and the key") {
  auto const check = [](config::rule custom, std::string_view expected) {
    custom.id = "r";
    if (custom.service.empty()) custom.service = "order";
    auto const result = table::make({}, {"order"}, rules{custom});
    REQUIRE(result.has_error());
    CHECK(result.error().code == errc::bad_config);
    CHECK(result.error().context == "rule 'r': " + std::string(expected));
  };
  check({.when = {.text = "a(b"}}, "when.text: at byte 0: missing ): a(b");
  check({.when = {.text = "abc(?<n>d)"}}, "when.text: at byte 3: RE2 names a capture (?P<name>...)");
  check({.when = {.text = "a(?=b)"}},
        "when.text: at byte 1: RE2 cannot look ahead or behind; say it with another condition");
  check({.when = {.text = "((a{1000}){1000}){1000}"}}, "when.text: at byte 3: invalid repetition size: {1000}");
  check({.when = {.field = "/a", .value = {.regex = "*"}}},
        "when.regex: at byte 0: no argument for repetition operator: *");
  check({.when = {.headers = {{.name = "A", .value = {.regex = "["}}}}}, "when.header.regex: at byte 0: missing ]: [");
  check({.when = {.text = "(?P<a>x)", .headers = {{.name = "A", .value = {.regex = "(?P<a>y)"}}}}},
        "when.text: 'a' is captured twice");
  check({.when = {.field = "a"}}, "when.field: a JSON Pointer begins with '/'");
  check({.when = {.value = {.equals = "a"}}}, "when.field: is missing: equals, prefix, regex and exists ask about it");
  check({.when = {.field = "/a", .value = {.equals = "a", .exists = false}}},
        "when: what must not exist has no text for equals, prefix or regex");
  check({.when = {.field = "/a", .binary = true}},
        "when.binary: a binary message has no field and no text; split the rule in two");
  check({.when = {.path = "ws"}}, "when.path: a path begins with '/'");
  check({.when = {.client = {"10.0.0.0/40"}}}, "when.client: '40' is not the size of a network; write 0 to 32");
  check({.when = {.cookies = {{}}}}, "when.cookie: needs a name");
  check({.service = "ordre"}, "service: no service 'ordre'; did you mean 'order'?");
  check({.when = {.text = "(?P<name>x)"}, .service = "{nam}"},
        "service: at byte 1: no regex of this rule captures 'nam'; did you mean 'name'?; write (?P<nam>...)");
  check({.service = "{a"}, "service: at byte 0: '{' without '}'");
  check({.service = "a}"}, "service: at byte 1: '}' without '{'");
  check({.instance = "a:1", .key = "b"}, "key: give either instance or key");
  check({.key = "{x}"}, "key: at byte 1: no regex of this rule captures 'x'; write (?P<x>...)");
  auto const no_service = table::make({}, {"order"}, rules{{.id = "r"}});
  REQUIRE(no_service.has_error());
  CHECK(no_service.error().context == "rule 'r': service: is missing");
  CHECK(table::make({}, {"order"}, rules{{.id = "r", .service = "order", .instance = "order"}}).has_error());
}

TEST_CASE("a pattern that lets other engines explode takes time in proportion to the text") {
  auto t = made({{.id = "r", .when = {.text = "^(a+)+(a|aa)+(?P<x>(a*)*)b$"}, .service = "order", .key = "{x}k"}});
  auto const processor_time = [&](std::string const& text, std::string_view expected) {
    auto least = std::numeric_limits<std::clock_t>::max();
    for (int i = 0; i < 5; ++i) {
      auto const begun = std::clock();
      CHECK(shown(t, t.decide(text, {})) == expected);
      least = std::min(least, std::clock() - begun);
    }
    return least + 1;
  };
  // A text 16 times as long: 16 times the work if it is linear, 256 times if it is quadratic.
  std::string const once(64U * 1024, 'a');
  std::string const often(16U * 64 * 1024, 'a');
  CHECK(processor_time(often, "PARSE_ERROR") < 64 * processor_time(once, "PARSE_ERROR"));
  CHECK(processor_time(often + 'b', "-> order # k") < 64 * processor_time(once + 'b', "-> order # k"));
}

}  // namespace
}  // namespace gw::route
