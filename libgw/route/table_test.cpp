#include "route/table.hpp"

#include "config/address.hpp"
#include "testing/catch.hpp"
#include "wire/method_path.hpp"

#include <string>
#include <utility>

namespace {

using gw::errc;
using gw::route::route_verdict;
using gw::route::table;

table made(gw::config::url_rule const& rule = {}) {
  auto result = table::make(rule, {"a", "data", "order"});
  REQUIRE(result.has_value());
  return *std::move(result);
}

/// "-> order", "heartbeat", "control" or the code of the error frame.
std::string shown(table const& t, gw::route::decision const& d) {
  switch (d.verdict) {
    case route_verdict::routed:
      return "-> " + std::string(t.name_of(d.service));
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

std::string decided(std::string_view text, gw::config::url_rule const& rule = {}) {
  auto t = made(rule);
  return shown(t, t.decide(text, {}));
}

}  // namespace

TEST_CASE("every row of the decision table has its verdict") {
  auto const check = [](std::string_view text, std::string_view expected) {
    CAPTURE(text);
    CHECK(decided(text) == expected);
  };
  check(R"({"method":"/api/v1/order/create","data":{}})", "-> order");
  check(R"({"data":{"method":"/api/v1/a/x"},"method":"/api/v1/order/create"})", "-> order");
  check(R"({"m\u0065thod":"\u002fapi\/v1/order/create"})", "-> order");
  check(R"({'method': '/api/v1/order/create', 'data': ''})", "-> order");
  // not a JSON object
  check("", "PARSE_ERROR");
  check("hello", "PARSE_ERROR");
  check("[1]", "PARSE_ERROR");
  check(R"({"method":"/api/v1/order/create")", "-> order");  // `routing` does not look for the end
  check(R"({"data":)", "PARSE_ERROR");
  // no routing key
  check("{}", "NO_METHOD");
  check(R"({"data":{"method":"/api/v1/order/x"}})", "NO_METHOD");
  // it does not match the pattern
  check(R"({"method":"order/create"})", "NO_ROUTE");
  check(R"({"method":"/api/v1/order"})", "NO_ROUTE");
  check(R"({"method":""})", "NO_ROUTE");
  // unknown service
  check(R"({"method":"/api/v1/orders/x"})", "NO_ROUTE");
  check(R"({"method":"/api/v1/Order/x"})", "NO_ROUTE");
  check(R"({"method":"/api/v1/gateway/x"})", "NO_ROUTE");
  // twice, not a string, a bad path
  check(R"({"method":"/api/v1/a/x","method":"/api/v1/order/x"})", "BAD_METHOD");
  check(R"({"method":"/api/v1/a/x","m\u0065thod":"/api/v1/order/x"})", "BAD_METHOD");
  check(R"({"method":1})", "BAD_METHOD");
  check(R"({"method":null})", "BAD_METHOD");
  check(R"({"method":"/api/v1/order/../a"})", "BAD_METHOD");
  check(R"({"method":"/api/v1/order/%2e%2e/a"})", "BAD_METHOD");
  check(R"({"method":"/api/v1/order/a\\b"})", "BAD_METHOD");
  check(R"({"method":"/api/v1/order/a\u0000b"})", "BAD_METHOD");
  check("{\"method\":\"/api/v1/order/" + std::string(1024, 'x') + "\"}", "BAD_METHOD");
  // control messages of a client that did not negotiate them
  check(R"({"method":"$gw/ping"})", "BAD_METHOD");
  // the gateway itself
  check(R"({"method":"/api/v1/gateway/heartbeat"})", "heartbeat");
  check(R"({"method":"/api/v7/gateway/heartbeat"})", "heartbeat");
}

TEST_CASE("services whose names contain one another are told apart") {
  auto const check = [](std::string_view text, std::string_view expected) { CHECK(decided(text) == expected); };
  check(R"({"method":"/api/v1/a/data"})", "-> a");
  check(R"({"method":"/api/v1/data/a"})", "-> data");
  check(R"({"method":"/api/v1/da/x"})", "NO_ROUTE");
  check(R"({"method":"/api/v1/data2/x"})", "NO_ROUTE");
}

TEST_CASE("a bad message leaves nothing behind for the next") {
  auto t = made();
  for (int i = 0; i < 3; ++i) {
    CHECK(shown(t, t.decide(R"({"method":"/api/v1/a/x"})", {})) == "-> a");
    CHECK(shown(t, t.decide("{{", {})) == "PARSE_ERROR");
    CHECK(shown(t, t.decide(R"({"method":"/api/v1/data/x"})", {})) == "-> data");
    CHECK(shown(t, t.decide_binary({})) == "UNSUPPORTED_TYPE");
  }
}

TEST_CASE("a decision says what the routing key was and which service it named") {
  auto t = made();
  auto d = t.decide(R"({"method":"\/api/v1/nobody/x"})", {});
  CHECK(d.method == "/api/v1/nobody/x");
  CHECK(d.named_service == "nobody");
  CHECK(d.fault == errc::no_route);
  d = t.decide(R"({"method":"/x"})", {});
  CHECK(d.method == "/x");
  CHECK(d.named_service.empty());
  d = t.decide("{}", {});
  CHECK(d.method.empty());
  CHECK(t.method_of(R"({"method":"/api/v1/a/x","data":"cut)") == "/api/v1/a/x");
  CHECK(t.method_of(R"({"data":"cut)").empty());
}

TEST_CASE("the settings of the URL rule are obeyed") {
  CHECK(decided(R"({"method":"/api/v1/a/x"})", {.enabled = false}) == "NO_ROUTE");
  CHECK(decided("no JSON", {.enabled = false}) == "NO_ROUTE");
  CHECK(decided(R"({"topic":"/a","method":"/api/v1/order/x"})", {.field = "/topic", .pattern = "/{service}"}) ==
        "-> a");
  CHECK(decided(R"({"a/b~":"/a"})", {.field = "/a~1b~0", .pattern = "/{service}"}) == "-> a");
  CHECK(decided(R"({'method':'/api/v1/a/x'})", {.lenient = gw::config::leniency::off}) == "PARSE_ERROR");
  std::string_view const cut = R"({"method":"/api/v1/a/x","data":[)";
  CHECK(decided(cut) == "-> a");
  CHECK(decided(cut, {.validate = gw::config::validation::structure}) == "PARSE_ERROR");
  std::string_view const wrong = R"({"method":"/api/v1/a/x","data":[tru]})";
  CHECK(decided(wrong, {.validate = gw::config::validation::structure}) == "-> a");
  CHECK(decided(wrong, {.validate = gw::config::validation::grammar}) == "PARSE_ERROR");
}

TEST_CASE("a long message is decided by its first bytes, if the routing key is among them") {
  auto t = made();
  bool undecided = false;
  auto const check = [&](std::string_view first, bool expected_undecided, std::string_view expected) {
    CAPTURE(first);
    auto const d = t.decide_prefix(first, {}, undecided);
    CHECK(undecided == expected_undecided);
    if (!undecided) CHECK(shown(t, d) == expected);
  };
  check(R"({"data":)", true, "");
  check(R"({"method":"/api/v1/a)", true, "");
  check(R"({"method":"/api/v1/a/x","data":")", false, "-> a");
  check("nothing", false, "PARSE_ERROR");
  check(R"({"method":7)", false, "BAD_METHOD");
}

TEST_CASE("a pattern without the service or with a fault makes no table") {
  auto const check = [](std::string_view pattern, std::string_view expected) {
    auto const result = table::make({.pattern = std::string(pattern)}, {});
    REQUIRE(result.has_error());
    CHECK(result.error().code == errc::bad_config);
    CHECK(result.error().context == expected);
  };
  check("/api/{x", "url_rule.pattern: at byte 5: '{' without '}'");
  check("/api/{x}", "url_rule.pattern: at byte 8: needs the capture {service}");
  CHECK_FALSE(gw::route::url_pattern_fault(gw::config::url_rule{}.pattern).has_value());
}

TEST_CASE("a table is explained to people") {
  auto t = made();
  auto const check = [&](std::string_view text, std::string_view expected) { CHECK(t.explain(text, {}) == expected); };
  check(R"({"method":"/api/v1/order/create"})",
        "routing key 'method' at byte 11: /api/v1/order/create\n"
        "matches /api/v{version}/{service}/{path:**}\n"
        "  version = 1\n"
        "  service = order\n"
        "  path = create\n"
        "service order\n");
  check(R"({"method":"/api/v1/ordre/create"})",
        "routing key 'method' at byte 11: /api/v1/ordre/create\n"
        "matches /api/v{version}/{service}/{path:**}\n"
        "  version = 1\n"
        "  service = ordre\n"
        "  path = create\n"
        "NO_ROUTE: no service 'ordre'; did you mean 'order'?\n");
  check(R"({"method":"/api/v1/gateway/heartbeat"})",
        "routing key 'method' at byte 11: /api/v1/gateway/heartbeat\n"
        "matches /api/v{version}/{service}/{path:**}\n"
        "  version = 1\n"
        "  service = gateway\n"
        "  path = heartbeat\n"
        "answered by the gateway itself\n");
  check(R"({"method":"/x"})",
        "routing key 'method' at byte 11: /x\n"
        "NO_ROUTE: the routing key does not match url_rule.pattern\n"
        "  {\"method\":\"/x\"}\n"
        "             ^\n");
  CHECK(t.explain(R"({"method":"/\u001b[2J"})", {})
            .starts_with("routing key 'method' at byte 11: /\\u001b[2J\nBAD_METHOD: "));
  CHECK(t.explain("hello\n", {}).starts_with("PARSE_ERROR: "));
  CHECK(t.explain("{\"a\" x}", {}).find(", at byte 5\n  {\"a\" x}\n") != std::string::npos);
  CHECK(t.explain("hello\n", {}).ends_with("\n  hello\\n\n  ^\n"));
  CHECK(made({.enabled = false}).explain("{}", {}) == "NO_ROUTE: url_rule is not enabled\n");
}

TEST_CASE("a copy of a table is a table of its own") {
  auto first = made();
  auto second = first;
  auto const kept = first.decide(R"({"m\u0065thod":"\u002fapi/v1/a/x"})", {});
  CHECK(shown(second, second.decide(R"({"m\u0065thod":"\u002fapi/v1/data/x"})", {})) == "-> data");
  CHECK(kept.method == "/api/v1/a/x");
}

TEST_CASE("configuration and messages agree on what a service may be called") {
  for (std::string const name : {"a", "order", "Order-2", "a.b_c", "0", "", ".a", "-a", "a..b", "a b", "a/b", "..",
                                 "a.", "\xC3\xA9", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
                                 "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"}) {
    CAPTURE(name);
    CHECK(gw::config::service_name_fault(name).empty() == gw::wire::is_service_name(name));
  }
}

TEST_CASE("a routing key that was seen before is decided as at the first time, whatever was seen in between") {
  auto const rule = gw::config::url_rule{};
  auto remembering = *table::make(rule, {"a", "data", "chat"});
  std::vector<std::string> texts;
  for (std::string const service : {"a", "data", "chat", "unknown"}) {
    for (std::string const path :
         {"x", "send", "../up", "a%2e%2e/b", "a/rather/long/path/beyond/one/cache/line/of/memory"}) {
      for (int i = 0; i < 20; ++i) {
        texts.push_back(R"({"method":"/api/v1/)" + service + "/" + path + std::to_string(i) + "\"}");
      }
    }
  }
  for (int round = 0; round < 3; ++round) {
    for (auto const& text : texts) {
      auto fresh = *table::make(rule, {"a", "data", "chat"});
      auto const expected = fresh.decide(text, {});
      auto const d = remembering.decide(text, {});
      CHECK(d.verdict == expected.verdict);
      CHECK(d.service == expected.service);
      CHECK(d.fault == expected.fault);
      CHECK(d.method == expected.method);
      CHECK(d.named_service == expected.named_service);
    }
  }
}

TEST_CASE("a service that is added is routed to from then on, and the others keep their index") {
  auto t = made();
  auto const order = t.find("order");
  CHECK(shown(t, t.decide(R"({"method":"/api/v1/zoo/x"})", {})) == "NO_ROUTE");
  for (int i = 0; i < 100; ++i) t.add("other" + std::to_string(i));
  t.add("zoo");
  CHECK(shown(t, t.decide(R"({"method":"/api/v1/zoo/x"})", {})) == "-> zoo");
  CHECK(t.find("order") == order);
  CHECK(t.services() == 104);
}
