#include "route/table.hpp"

#include "testing/catch.hpp"

#include <algorithm>
#include <ctime>
#include <limits>
#include <string>
#include <utility>
#include <vector>

namespace {

using gw::config::condition;
using gw::route::circumstances;
using gw::route::route_verdict;
using gw::route::table;
using rules = std::vector<gw::config::rule>;

table made(rules const& custom, gw::config::url_rule const& url = {}) {
  auto result = table::make(url, {"audio", "exec", "legacy", "order"}, custom);
  INFO((result ? "" : result.error().context));
  REQUIRE(result.has_value());
  return *std::move(result);
}

/// "-> order", "-> exec @ 10.0.0.1:9001", "-> exec # ann", "heartbeat", "control" or the code of the error frame.
std::string shown(table const& t, gw::route::decision const& d) {
  switch (d.verdict) {
    case route_verdict::routed: {
      auto text = "-> " + std::string(t.name_of(d.service));
      CHECK(d.named_service == t.name_of(d.service));
      if (!d.instance.empty()) text.append(" @ ").append(d.instance);
      if (!d.key.empty()) text.append(" # ").append(d.key);
      return text;
    }
    case route_verdict::heartbeat:
      return "heartbeat";
    case route_verdict::control:
      return "control";
    case route_verdict::failed:
      break;
  }
  CHECK_FALSE(d.why.empty());
  return std::string(gw::row_of(d.fault).name);
}

gw::config::rule fallback(std::string service = "legacy") {
  return {.id = "default", .service = std::move(service)};
}

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

}  // namespace

TEST_CASE("custom rules are asked in exactly the rows of the decision table that say so") {
  auto t = made({fallback()});
  auto const check = [&](std::string_view text, std::string_view expected, std::uint32_t rule) {
    CAPTURE(text);
    auto const d = t.decide(text, {});
    CHECK(shown(t, d) == expected);
    CHECK(d.rule == rule);
  };
  check(R"({"method":"/api/v1/order/create"})", "-> order", 0);
  // text, not a JSON object
  check("", "-> legacy", 1);
  check("hello", "-> legacy", 1);
  check("[1]", "-> legacy", 1);
  check(R"({"data":)", "-> legacy", 1);
  // no routing key
  check("{}", "-> legacy", 1);
  check(R"({"data":{"method":"/api/v1/order/x"}})", "-> legacy", 1);
  // it does not match the pattern
  check(R"({"method":"order/create"})", "-> legacy", 1);
  check(R"({"method":""})", "-> legacy", 1);
  // pattern matches, unknown service
  check(R"({"method":"/api/v1/nobody/x"})", "NO_ROUTE", 0);
  check(R"({"method":"/api/v1/gateway/x"})", "NO_ROUTE", 0);
  // routing key twice, not a string, or with a bad path
  check(R"({"method":"/x","method":"/y"})", "BAD_METHOD", 0);
  check(R"({"method":1})", "BAD_METHOD", 0);
  check(R"({"method":"\ud800"})", "BAD_METHOD", 0);
  check(R"({"method":"/x/../y"})", "BAD_METHOD", 0);
  check(R"({"method":"/x/%2e%2E/y"})", "BAD_METHOD", 0);
  check("{\"method\":\"/" + std::string(1024, 'x') + "\"}", "BAD_METHOD", 0);
  check(R"({"method":"$gw/ping"})", "BAD_METHOD", 0);
  check(R"({"method":"/api/v1/gateway/heartbeat"})", "heartbeat", 0);
  auto const d = t.decide_binary({});
  CHECK(shown(t, d) == "-> legacy");
  CHECK(d.rule == 1);
}

TEST_CASE("where no custom rule answers the fault of the URL rule stands") {
  auto t = made({{.id = "never", .when = {.field = "/never"}, .service = "legacy"}});
  auto const check = [&](std::string_view text, std::string_view expected) {
    CAPTURE(text);
    auto const d = t.decide(text, {});
    CHECK(shown(t, d) == expected);
    CHECK(d.rule == 0);
  };
  check("hello", "PARSE_ERROR");
  check("{}", "NO_METHOD");
  check(R"({"method":"/x"})", "NO_ROUTE");
  CHECK(shown(t, t.decide_binary({})) == "UNSUPPORTED_TYPE");
  CHECK(t.decide(R"({"method":"/x"})", {}).method == "/x");
}

TEST_CASE("the first rule that holds answers, and a rule without conditions always does") {
  rules const custom = {{.id = "one", .when = {.field = "/topic", .value = {.equals = "a"}}, .service = "order"},
                        {.id = "two", .when = {.field = "/topic", .value = {.prefix = "a"}}, .service = "exec"},
                        fallback(),
                        {.id = "late", .when = {.field = "/topic"}, .service = "audio"}};
  auto t = made(custom);
  auto const check = [&](std::string_view text, std::string_view expected, std::uint32_t rule) {
    CAPTURE(text);
    auto const d = t.decide(text, {});
    CHECK(shown(t, d) == expected);
    CHECK(d.rule == rule);
  };
  check(R"({"topic":"a"})", "-> order", 1);
  check(R"({"topic":"ab"})", "-> exec", 2);
  check(R"({"topic":"b"})", "-> legacy", 3);
  check("b", "-> legacy", 3);
  CHECK(t.custom_rules().at(2).id() == "two");
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
  auto const check = [](gw::config::text_test value, std::string_view text, std::string_view expected) {
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
  check({.regex = "^b"}, R"({"t":["ab\u001b"]})", "field /t/0 is 'ab?', which does not match ^b");
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
    auto const told = made({{.id = "r", .when = {}, .service = "legacy"}}).asks_circumstances();
    CHECK_FALSE(told);
  };
  check({.path = "/ws/**"}, {.path = "/ws/a/b"}, "yes");
  check({.path = "/ws/*"}, {.path = "/ws"}, "path /ws does not match /ws/*");
  check({.subprotocol = "chat"}, {.subprotocol = "chat"}, "yes");
  check({.subprotocol = "chat"}, {.subprotocol = "Chat"}, "subprotocol Chat is not chat");
  check({.subprotocol = "chat"}, {}, "no subprotocol was negotiated, not chat");
  check({.client = {"10.1.0.0/16", "::1"}}, {.client = gw::route::parse_ip("::1")}, "yes");
  check({.client = {"10.1.0.0/16", "::1"}}, {.client = gw::route::parse_ip("10.0.0.9")},
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

TEST_CASE("a table says what its rules ask about a session") {
  CHECK_FALSE(made({}).asks_circumstances());
  CHECK_FALSE(made({{.id = "r", .when = {.field = "/a", .text = "b", .binary = false}, .service = "order"}})
                  .asks_circumstances());
  auto const t =
      made({{.id = "r", .when = {.path = "/ws", .headers = {{.name = "A"}, {.name = "A"}}}, .service = "order"},
            {.id = "s", .when = {}, .service = "order", .key = "{user}"}});
  CHECK(t.asks_circumstances());
  CHECK(t.asked().path);
  CHECK(t.asked().user);
  CHECK_FALSE(t.asked().client);
  CHECK(t.asked().headers == std::vector<std::string>{"A"});
}

TEST_CASE("what a rule yields is made from its captures") {
  auto const check = [](gw::config::rule custom, std::string_view text, circumstances const& from,
                        std::string_view expected) {
    CAPTURE(text);
    custom.id = "r";
    auto t = made({custom, fallback("audio")});
    CHECK(shown(t, t.decide(text, from)) == expected);
  };
  gw::config::rule const topic{.when = {.field = "/topic", .value = {.regex = R"(^(?P<service>[a-z]+)\.)"}},
                               .service = "{service}"};
  check(topic, R"({"topic":"order.created"})", {}, "-> order");
  check(topic, R"({"topic":"Order.created"})", {}, "-> audio");
  check(topic, R"({"topic":"nobody.created"})", {}, "NO_ROUTE");
  check(topic, R"({"topic":"gateway.heartbeat"})", {}, "NO_ROUTE");
  gw::config::rule const any{.when = {.field = "/s", .value = {.regex = "(?P<s>(?s:.*))"}}, .service = "{s}"};
  for (std::string const name : {"127.0.0.1:22", "169.254.169.254", "a@b", "x/../y", "x%00"}) {
    check(any, R"({"s":")" + name + "\"}", {}, "NO_ROUTE");
  }
  check(any, R"({"s":""})", {}, "RULE_ERROR");
  check(any, "{\"s\":\"" + std::string(64 * 1024, 'x') + "\"}", {}, "RULE_ERROR");
  gw::config::rule const pin{.when = {.field = "/to", .value = {.regex = "^(?P<host>[^:]*):(?P<port>.*)$"}},
                             .service = "exec",
                             .instance = "{host}:{port}"};
  check(pin, R"({"to":"10.0.0.1:9001"})", {}, "-> exec @ 10.0.0.1:9001");
  check(pin, R"({"to":"10.0.0.1:0"})", {}, "RULE_ERROR");
  check(pin, R"({"to":":"})", {}, "RULE_ERROR");
  check({.when = {.text = "p"}, .service = "exec", .instance = "10.0.0.1:9001"}, "p", {}, "-> exec @ 10.0.0.1:9001");
  gw::config::rule const by_user{.service = "exec", .key = "{user}"};
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

TEST_CASE("a rule that answered once leaves nothing for the next message") {
  auto t = made({{.id = "r", .when = {.text = "^a(?P<x>b)?(?P<y>c)?"}, .service = "exec", .key = "k{x}{y}"}});
  CHECK(shown(t, t.decide("abc", {})) == "-> exec # kbc");
  CHECK(shown(t, t.decide("ac", {})) == "-> exec # kc");
  CHECK(shown(t, t.decide("a", {})) == "-> exec # k");
  CHECK(shown(t, t.decide("b", {})) == "PARSE_ERROR");
  CHECK(shown(t, t.decide(R"({"method":"/api/v1/order/x"})", {})) == "-> order");
}

TEST_CASE("a copy of a table compiles its rules anew and decides alike") {
  auto first =
      made({{.id = "r", .when = {.field = "/k", .value = {.regex = "(?P<k>.*)"}}, .service = "exec", .key = "{k}"}});
  auto second = first;
  auto const kept = first.decide(R"({"k":"\u0061b"})", {});
  CHECK(shown(second, second.decide(R"({"k":"\u0063d"})", {})) == "-> exec # cd");
  CHECK(shown(first, kept) == "-> exec # ab");
}

TEST_CASE("without the URL rule every message is for the custom rules") {
  gw::config::url_rule const off{.enabled = false};
  rules const custom = {{.id = "order", .when = {.field = "/method", .value = {.prefix = "/api/"}}, .service = "order"},
                        {.id = "exec", .when = {.text = "^exec"}, .service = "exec"}};
  auto t = made(custom, off);
  auto const check = [&](std::string_view text, std::string_view expected) {
    CAPTURE(text);
    CHECK(shown(t, t.decide(text, {})) == expected);
  };
  check(R"({"method":"/api/v1/nobody/x"})", "-> order");
  check(R"({"method":"/api/../x"})", "-> order");
  check(R"({"method":"$gw/ping"})", "NO_ROUTE");
  check("exec", "-> exec");
  check("{}", "NO_ROUTE");
  check(R"({"method":"/api/x","method":"/api/y"})", "NO_ROUTE");
}

TEST_CASE("control messages are known where they were negotiated") {
  circumstances const negotiated{.control = true};
  auto const check = [&](gw::config::url_rule const& url, circumstances const& from, std::string_view text,
                         std::string_view expected) {
    CAPTURE(text);
    auto t = made({fallback()}, url);
    auto const d = t.decide(text, from);
    CHECK(shown(t, d) == expected);
    if (expected == "control") CHECK(d.method == "$gw/ping");
  };
  check({}, negotiated, R"({"method":"$gw/ping","data":1})", "control");
  check({}, negotiated, R"({"data":1,"method":"\u0024gw\/ping"})", "control");
  check({}, negotiated, R"({"method":"$gw"})", "-> legacy");
  check({}, negotiated, R"({"method":"$gw/ping","method":"x"})", "BAD_METHOD");
  check({}, negotiated, R"({"method":"/api/v1/order/x"})", "-> order");
  check({}, {}, R"({"method":"$gw/ping"})", "BAD_METHOD");
  check({.enabled = false}, negotiated, R"({"method":"$gw/ping"})", "control");
  check({.enabled = false}, negotiated, R"({"method":"/api/v1/order/x"})", "-> legacy");
  check({.enabled = false}, {}, R"({"method":"$gw/ping"})", "-> legacy");
}

TEST_CASE("the beginning of a message is decided where no rule needs the rest") {
  gw::config::rule const by_field{.id = "field", .when = {.field = "/a"}, .service = "exec"};
  gw::config::rule const by_text{.id = "text", .when = {.text = "a"}, .service = "exec"};
  gw::config::rule const elsewhere{.id = "elsewhere", .when = {.field = "/a", .path = "/other"}, .service = "exec"};
  gw::config::rule const binary{.id = "binary", .when = {.binary = true}, .service = "audio"};
  auto const check = [](rules const& custom, std::string_view first, std::string_view expected, bool watched,
                        gw::config::url_rule const& url = {}) {
    CAPTURE(first);
    auto t = made(custom, url);
    bool undecided = true;
    auto const d = t.decide_prefix(first, {}, undecided);
    CHECK((undecided ? "undecided" : shown(t, d)) == expected);
    if (!undecided) CHECK(d.watched == watched);
  };
  std::string_view const routed = R"({"method":"/api/v1/order/x","data":")";
  std::string_view const unmatched = R"({"method":"/x","data":")";
  check({by_field}, routed, "-> order", true);
  check({by_field}, R"({"method":1,"data":")", "BAD_METHOD", false);
  check({by_field}, R"({"data":")", "undecided", false);
  check({fallback()}, R"({"data":")", "undecided", false);
  check({fallback()}, unmatched, "-> legacy", true);
  check({fallback()}, "text ", "-> legacy", false);
  check({by_field, fallback()}, unmatched, "undecided", false);
  check({by_text, fallback()}, "text ", "undecided", false);
  check({fallback(), by_text}, "text ", "-> legacy", false);
  check({elsewhere, binary, fallback()}, unmatched, "-> legacy", true);
  check({elsewhere, binary}, unmatched, "NO_ROUTE", true);
  check({fallback()}, R"({"data":")", "-> legacy", false, {.enabled = false});
  check({by_field}, routed, "undecided", false, {.enabled = false});
}

TEST_CASE("rules are explained to people, each with its reason") {
  auto t = made({{.id = "topic", .when = {.field = "/topic", .value = {.regex = "^(?P<s>[a-z]+)"}}, .service = "{s}"},
                 {.id = "pin", .when = {.text = "pin (?P<at>.*)"}, .service = "exec", .instance = "{at}"},
                 {.id = "user", .when = {.path = "/ws"}, .service = "exec", .key = "{user}"},
                 {.id = "late", .service = "legacy"}});
  auto const check = [&](std::string_view text, circumstances const& from, std::string_view expected) {
    CHECK(t.explain(text, from) == expected);
  };
  check("pin 10.0.0.1:9001", {},
        "PARSE_ERROR: not a JSON object\n"
        "  pin 10.0.0.1:9001\n"
        "  ^\n"
        "rule 'topic': the message is no JSON object\n"
        "rule 'pin' answers\n"
        "  at = 10.0.0.1:9001\n"
        "  -> service = exec\n"
        "  -> instance = 10.0.0.1:9001\n"
        "rule 'user' is not asked\n"
        "rule 'late' is not asked\n"
        "service exec\n");
  check(R"({"method":"/x","topic":"ordre"})", {},
        "routing key 'method' at byte 11: /x\n"
        "NO_ROUTE: the routing key does not match url_rule.pattern\n"
        "  {\"method\":\"/x\",\"topic\":\"ordre\"}\n"
        "             ^\n"
        "rule 'topic' answers\n"
        "  s = ordre\n"
        "  -> service = ordre\n"
        "rule 'pin' is not asked\n"
        "rule 'user' is not asked\n"
        "rule 'late' is not asked\n"
        "NO_ROUTE: no service 'ordre'; did you mean 'order'?\n");
  CHECK(t.explain(R"({"method":1})", {}).ends_with("\nno rule is asked: this answer is final\n"));
  CHECK(t.explain_binary({.path = "/ws"}) ==
        "binary: not for the URL rule\n"
        "rule 'topic': a binary message has no fields\n"
        "rule 'pin': a binary message is no text\n"
        "rule 'user' answers\n"
        "  -> service = exec\n"
        "rule 'late' is not asked\n"
        "RULE_ERROR: the rule needs {user}, and nobody knows who the client is\n");
  CHECK(
      made({{.id = "r", .when = {.path = "/x"}, .service = "order"}}, {.enabled = false}).explain("x", {.path = "/"}) ==
      "NO_ROUTE: url_rule is not enabled\nrule 'r': path / does not match /x\nno rule answers\n");
  CHECK(made({}).explain_binary({}) == "UNSUPPORTED_TYPE: no rule takes binary messages\n");
}

TEST_CASE("rules that cannot work make no table, and the complaint names the rule and the key") {
  auto const check = [](gw::config::rule custom, std::string_view expected) {
    custom.id = "r";
    if (custom.service.empty()) custom.service = "order";
    auto const result = table::make({}, {"order"}, rules{custom});
    REQUIRE(result.has_error());
    CHECK(result.error().code == gw::errc::bad_config);
    CHECK(result.error().context == "rule 'r': " + std::string(expected));
  };
  check({.when = {.text = "a(b"}}, "when.text: at byte 0: missing ): a(b");
  check({.when = {.text = "abc(?<n>d)"}}, "when.text: at byte 3: invalid perl operator: (?<; write (?P<name>...)");
  check({.when = {.text = "a(?=b)"}}, "when.text: at byte 1: invalid perl operator: (?=; RE2 has no look-around");
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
  check({.when = {.client = {"10.0.0.0/40"}}}, "when.client: '10.0.0.0/40' is no CIDR; write 10.1.0.0/16 or ::1");
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
