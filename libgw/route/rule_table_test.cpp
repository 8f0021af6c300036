#include "route/rule_rows.hpp"

namespace gw::route {
namespace {

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

TEST_CASE("a table says what its rules ask about a session") {
  CHECK_FALSE(made({}).asked().any());
  CHECK_FALSE(
      made({{.id = "r", .when = {.field = "/a", .text = "b", .binary = false}, .service = "order"}}).asked().any());
  auto const t =
      made({{.id = "r", .when = {.path = "/ws", .headers = {{.name = "A"}, {.name = "A"}}}, .service = "order"},
            {.id = "s", .when = {}, .service = "order", .key = "{user}"}});
  CHECK(t.asked().any());
  CHECK(t.asked().path);
  CHECK(t.asked().user);
  CHECK_FALSE(t.asked().client);
  CHECK(t.asked().headers == std::vector<std::string>{"A"});
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
  config::url_rule const off{.enabled = false};
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
  auto const check = [&](config::url_rule const& url, circumstances const& from, std::string_view text,
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
  config::rule const by_field{.id = "field", .when = {.field = "/a"}, .service = "exec"};
  config::rule const by_text{.id = "text", .when = {.text = "a"}, .service = "exec"};
  config::rule const elsewhere{.id = "elsewhere", .when = {.field = "/a", .path = "/other"}, .service = "exec"};
  config::rule const binary{.id = "binary", .when = {.binary = true}, .service = "audio"};
  auto const check = [](rules const& custom, std::string_view first, std::string_view expected, bool watched,
                        config::url_rule const& url = {}) {
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

}  // namespace
}  // namespace gw::route
