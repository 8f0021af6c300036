#include "route/rule_rows.hpp"

namespace gw::route {
namespace {

using config::condition;

/// The reason of rule "r" with `when`, to a message; "yes" if it answers.
std::string reason(condition when, std::string_view text, circumstances const& from, bool binary = false) {
  auto t = made({{.id = "r", .when = std::move(when), .service = "legacy"}});
  auto const d = binary ? t.decide_binary(from) : t.decide(text, from);
  auto const told = binary ? t.explain_binary(from) : t.explain(text, from);
  bool const yes = d.verdict == route_verdict::routed && d.rule == 1;
  CAPTURE(told);
  CHECK((told.find("rule 'r' answers\n") != told.npos) == yes);
  if (yes) return "yes";
  auto const at = told.find("rule 'r': ");
  REQUIRE(at != told.npos);
  auto const begin = at + std::string_view("rule 'r': ").size();
  return told.substr(begin, told.find('\n', begin) - begin);
}

TEST_CASE("all conditions of a rule must hold") {
  condition const both{.field = "/a", .value = {.equals = "1"}, .text = "z$"};
  CHECK(reason(both,
               R"({"a":1,"z":"z)"
               "\"}\nz",
               {}) == "the message is no JSON object");
  CHECK(reason({.field = "/a", .value = {.prefix = "x", .regex = "y$"}}, R"({"a":"xy"})", {}) == "yes");
  CHECK(reason({.field = "/a", .value = {.prefix = "x", .regex = "y$"}}, R"({"a":"yy"})", {}) ==
        "field /a is 'yy', which does not begin with 'x'");
  CHECK(reason({.field = "/a", .text = "b", .path = "/ws"}, R"({"a":"b"})", {.path = "/ws"}) == "yes");
  CHECK(reason({.field = "/a", .text = "b", .path = "/ws"}, R"({"a":"b"})", {.path = "/"}) ==
        "path / does not match /ws");
  CHECK(reason({.field = "/a", .text = "b", .path = "/ws"}, R"({"a":"c"})", {.path = "/ws"}) ==
        R"(the text is '{"a":"c"}', which does not match b)");
}

TEST_CASE("a condition on a field holds or says why not") {
  auto const check = [](config::text_test value, std::string_view text, std::string_view expected) {
    CAPTURE(text);
    CHECK(reason({.field = "/t/0", .value = std::move(value)}, text, {}) == expected);
  };
  check({}, R"({"t":["x"]})", "yes");
  check({}, R"({"t":[{}]})", "yes");
  check({}, R"({"t":[]})", "field /t/0 is absent");
  check({}, "t", "the message is no JSON object");
  check({}, R"({"t":["x"],"t":1})", "field /t/0 stands there twice");
  check({.exists = true}, R"({"t":[null]})", "yes");
  check({.exists = true}, R"({"t":1})", "field /t/0 is absent");
  check({.exists = false}, R"({"t":1})", "yes");
  check({.exists = false}, R"({"t":[1]})", "field /t/0 is there");
  check({.exists = false}, R"({"t":[[]]})", "field /t/0 is there");
  check({.exists = false}, R"({"t":1,"t":1})", "field /t/0 stands there twice");
  check({.exists = false}, "[]", "the message is no JSON object");
  check({.equals = "a\xC3\xA9"}, R"({"t":["\u0061\u00e9"]})", "yes");
  check({.equals = "a"}, R"({"t":["ab"]})", "field /t/0 is 'ab', not 'a'");
  check({.equals = "1.50"}, R"({"t":[1.50]})", "yes");
  check({.equals = "1.5"}, R"({"t":[1.50]})", "field /t/0 is '1.50', not '1.5'");
  check({.equals = "1"}, R"({"t":["1"]})", "yes");
  check({.equals = "true"}, R"({"t":[true]})", "yes");
  check({.equals = "null"}, R"({"t":[null]})", "yes");
  check({.equals = ""}, R"({"t":[""]})", "yes");
  check({.equals = "a"}, R"({"t":[{}]})", "field /t/0 is an object or an array, not a text");
  check({.prefix = "ab"}, R"({"t":["abc"]})", "yes");
  check({.prefix = "ab"}, R"({"t":["a"]})", "field /t/0 is 'a', which does not begin with 'ab'");
  check({.regex = "b.d"}, R"({"t":["abcde"]})", "yes");
  check({.regex = "^b"}, R"({"t":["ab\u001b"]})", "field /t/0 is 'ab\\u001b', which does not match ^b");
}

TEST_CASE("a condition on the raw text holds or says why not") {
  CHECK(reason({.text = "^h.*o$"}, "hello", {}) == "yes");
  CHECK(reason({.text = "ll"}, R"({"a":"hello"})", {}) == "yes");
  CHECK(reason({.text = "^e"}, "hello", {}) == "the text is 'hello', which does not match ^e");
  CHECK(reason({.text = "."}, "", {}, true) == "a binary message is no text");
}

TEST_CASE("binary messages go to rules that ask for them or for nothing in the content") {
  CHECK(reason({.binary = true}, "", {}, true) == "yes");
  CHECK(reason({.binary = true}, "text", {}) == "the message is text");
  CHECK(reason({.binary = false}, "text", {}) == "yes");
  CHECK(reason({.binary = false}, "", {}, true) == "the message is binary");
  CHECK(reason({.path = "/ws"}, "", {.path = "/ws"}, true) == "yes");
  CHECK(reason({.field = "/a"}, "", {}, true) == "a binary message has no fields");
  CHECK(reason({.field = "/a", .value = {.exists = false}}, "", {}, true) == "a binary message has no fields");
  CHECK(reason({.binary = true, .path = "/ws/audio"}, "", {.path = "/ws"}, true) ==
        "path /ws does not match /ws/audio");
}

TEST_CASE("a condition on the handshake or the client holds or says why not") {
  auto const check = [](condition when, circumstances const& from, std::string_view expected) {
    CHECK(reason(std::move(when), "x", from) == expected);
  };
  check({.path = "/ws/**"}, {.path = "/ws/a/b"}, "yes");
  check({.path = "/ws/*"}, {.path = "/ws"}, "path /ws does not match /ws/*");
  check({.subprotocol = "chat"}, {.subprotocol = "chat"}, "yes");
  check({.subprotocol = "chat"}, {.subprotocol = "Chat"}, "subprotocol Chat is not chat");
  check({.subprotocol = "chat"}, {}, "no subprotocol was negotiated, not chat");
  check({.client = {"10.1.0.0/16", "::1"}}, {.client = gw::config::parse_ip("::1")}, "yes");
  check({.client = {"10.1.0.0/16", "::1"}}, {.client = gw::config::parse_ip("10.0.0.9")},
        "client 10.0.0.9 is not in 10.1.0.0/16, ::1");
  check({.client = {"10.1.0.0/16"}}, {}, "the client has no IP address");
  check({.user = {{.prefix = "an"}}}, {.user = "ann"}, "yes");
  check({.user = {{.equals = "ann"}}}, {.user = "bob"}, "the user is 'bob', not 'ann'");
  check({.user = {{}}}, {}, "the user is absent");
  check({.user = {{.exists = false}}}, {}, "yes");
  check({.headers = {{.name = "X-A"}}}, {.headers = {{"X-A", "1"}}}, "yes");
  check({.headers = {{.name = "X-A", .value = {.equals = "2"}}}}, {.headers = {{"X-A", "1"}}},
        "header X-A is '1', not '2'");
  check({.headers = {{.name = "X-A"}}}, {}, "header X-A is absent");
  check({.query = {{.name = "v", .value = {.regex = "^[0-9]+$"}}}}, {.query = {{"v", "12"}}}, "yes");
  check({.query = {{.name = "v", .value = {.regex = "^[0-9]+$"}}}}, {.query = {{"v", "1x"}}},
        "query parameter v is '1x', which does not match ^[0-9]+$");
  check({.cookies = {{.name = "c"}, {.name = "d", .value = {.exists = false}}}}, {.cookies = {{"c", ""}}}, "yes");
  check({.cookies = {{.name = "c"}, {.name = "d", .value = {.exists = false}}}}, {.cookies = {{"c", ""}, {"d", ""}}},
        "cookie d is there");
}

TEST_CASE("what a rule yields is made from its captures") {
  auto const check = [](config::rule custom, std::string_view text, circumstances const& from,
                        std::string_view expected) {
    CAPTURE(text);
    custom.id = "r";
    auto t = made({custom, fallback("audio")});
    CHECK(shown(t, t.decide(text, from)) == expected);
  };
  config::rule const topic{.when = {.field = "/topic", .value = {.regex = R"(^(?P<service>[a-z]+)\.)"}},
                           .service = "{service}"};
  check(topic, R"({"topic":"order.created"})", {}, "-> order");
  check(topic, R"({"topic":"Order.created"})", {}, "-> audio");
  check(topic, R"({"topic":"nobody.created"})", {}, "NO_ROUTE");
  check(topic, R"({"topic":"gateway.heartbeat"})", {}, "NO_ROUTE");
  config::rule const any{.when = {.field = "/s", .value = {.regex = "(?P<s>(?s:.*))"}}, .service = "{s}"};
  for (std::string const name : {"127.0.0.1:22", "169.254.169.254", "a@b", "x/../y", "x%00"}) {
    check(any, R"({"s":")" + name + "\"}", {}, "NO_ROUTE");
  }
  check(any, R"({"s":""})", {}, "RULE_ERROR");
  check(any, "{\"s\":\"" + std::string(64 * 1024, 'x') + "\"}", {}, "RULE_ERROR");
  config::rule const pin{.when = {.field = "/to", .value = {.regex = "^(?P<host>[^:]*):(?P<port>.*)$"}},
                         .service = "exec",
                         .instance = "{host}:{port}"};
  check(pin, R"({"to":"10.0.0.1:9001"})", {}, "-> exec @ 10.0.0.1:9001");
  check(pin, R"({"to":"10.0.0.1:0"})", {}, "RULE_ERROR");
  check(pin, R"({"to":":"})", {}, "RULE_ERROR");
  check({.when = {.text = "p"}, .service = "exec", .instance = "10.0.0.1:9001"}, "p", {}, "-> exec @ 10.0.0.1:9001");
  config::rule const by_user{.service = "exec", .key = "{user}"};
  check(by_user, "x", {.user = "ann"}, "-> exec # ann");
  check(by_user, "x", {.user = ""}, "RULE_ERROR");
  check(by_user, "x", {}, "RULE_ERROR");
  check({.when = {.field = "/u", .value = {.regex = "(?P<user>.+)"}}, .service = "exec", .key = "u-{user}-{user}"},
        R"({"u":"\u0062ob"})", {.user = "ann"}, "-> exec # u-bob-bob");
  check({.when = {.text = "x(?P<a>y)?"}, .service = "exec", .key = "k{a}"}, "xz", {}, "-> exec # k");
  check({.when = {.text = "x(?P<a>y)?"}, .service = "exec", .key = "{a}"}, "xz", {}, "RULE_ERROR");
  check({.when = {.field = "/b",
                  .value = {.regex = "(?P<b>.*)"},
                  .text = "(?P<t>t+)",
                  .headers = {{.name = "h", .value = {.regex = "(?P<h>.)$"}}}},
         .service = "exec",
         .key = "{t}{h}{b}"},
        R"({"b":"B","tt":0})", {.headers = {{"h", "xyz"}}}, "-> exec # ttzB");
}

}  // namespace
}  // namespace gw::route
