#include "tools/route_test_run.hpp"

#include "tools/route_world_test.hpp"

#include <nlohmann/json.hpp>

namespace gw::tools {
namespace {

constexpr std::string_view to_order = R"({"method":"/api/v1/order/x"})";
constexpr std::string_view to_nobody = R"({"method":"/api/v1/ordr/x","id":1})";

struct told {
  std::string out;
  std::vector<std::string> complaints;
  std::string summary;
};

told run(route_test_plan const& plan, std::vector<std::string_view> const& messages) {
  auto judge = make_judge();
  told seen;
  route_test_run tested(judge, *judge.session_of({}), plan, seen.out);
  for (std::size_t i = 0; i < messages.size(); ++i) tested.take(messages[i], {.file = "f", .line = i + 1});
  tested.finish();
  seen.complaints = tested.complaints();
  seen.summary = tested.counts().summary();
  return seen;
}

TEST_CASE("one message is told in a paragraph") {
  CHECK(run({}, {to_order}).out ==
        "order\n"
        "  instances 127.0.0.1:9001, 127.0.0.1:9002\n"
        "  pick      127.0.0.1:9001\n");
  CHECK(run({}, {R"({"topic":"legacy.x"})"}).out ==
        "legacy\n"
        "  rule      topic\n"
        "  captures  name = legacy\n"
        "  instances 127.0.0.1:9201\n"
        "  pick      127.0.0.1:9201\n");
  CHECK(run({}, {to_nobody})
            .out.starts_with("NO_ROUTE  no service 'ordr'; did you mean 'order'?\n  answer    {\"method"));
}

TEST_CASE("many messages are told in a line each, and counted") {
  auto const seen = run({.many = true}, {to_order, "pin 127.0.0.1:9002", to_nobody, to_order, "\xff", "pin x"});
  CHECK(seen.out ==
        "1  order  -> 127.0.0.1:9001\n"
        "2  order  rule pin  -> 127.0.0.1:9002\n"
        "3  NO_ROUTE  no service 'ordr'; did you mean 'order'?\n"
        "4  order  -> 127.0.0.1:9001\n"
        "5  1007  the text is not UTF-8\n"
        "6  RULE_ERROR  the rule yields no host:port for 'instance'  rule pin\n");
  CHECK(seen.summary == "6 messages: order 3, NO_ROUTE 1, RULE_ERROR 1, 1007 1");
  CHECK(run({.many = true}, {}).summary == "0 messages");
}

TEST_CASE("only the counts are told if nothing else is wanted") {
  CHECK(run({.many = true, .quiet = true}, {to_order, to_nobody, to_order}).out ==
        "       2 order\n       1 NO_ROUTE\n");
  CHECK(run({.form = report_form::json, .quiet = true}, {to_order, to_nobody}).out ==
        R"({"schema":"wsgw.route_test_summary.v1","messages":2,"verdicts":{"order":1,"NO_ROUTE":1}})"
        "\n");
}

TEST_CASE("as JSON a message is an object, many are a list, and with ndjson a line each") {
  constexpr std::string_view first =
      R"({"schema":"wsgw.route_test.v1","seq":1,"routed":true,"service":"order","rule":"pin",)"
      R"("captures":{"at":"127.0.0.1:9002"},"candidates":["127.0.0.1:9002"],"pick":"127.0.0.1:9002",)"
      R"("instance":"127.0.0.1:9002"})";
  CHECK(run({.form = report_form::json}, {"pin 127.0.0.1:9002"}).out == std::string(first) + "\n");
  auto const lines = run({.form = report_form::ndjson, .many = true}, {"pin 127.0.0.1:9002", "\xff"}).out;
  CHECK(lines == std::string(first) +
                     "\n"
                     R"({"schema":"wsgw.route_test.v1","seq":2,"routed":false,"close_code":1007,)"
                     R"("reason":"the text is not UTF-8"})"
                     "\n");
  auto const list = run({.form = report_form::json, .many = true, .explain = true}, {to_order, to_nobody, "{}"}).out;
  auto const parsed = nlohmann::json::parse(list);
  REQUIRE(parsed.size() == 3);
  CHECK(parsed[0]["rule"] == "url_rule");
  CHECK(parsed[1]["frame"]["error"]["seq"] == 2);
  CHECK(parsed[2]["explanation"].get<std::string>().starts_with("NO_METHOD: "));
  CHECK(nlohmann::json::parse(run({.form = report_form::json, .many = true}, {}).out).empty());
}

TEST_CASE("an explanation follows its verdict") {
  CHECK(
      run({.explain = true}, {"{\"a\x01\":1}"}).out ==
      "PARSE_ERROR  a control character in a string\n"
      "  answer    {\"method\":null,\"status\":2,\"message\":\"a control character in a string\",\"data\":{},\"error\":"
      "{\"gw\":1,\"code\":\"PARSE_ERROR\",\"http\":400,\"stage\":\"parse\",\"retryable\":false,\"sent\":false,\"seq\":"
      "1}}\n"
      "PARSE_ERROR: a control character in a string, at byte 3\n"
      "  {\"a\\u0001\":1}\n"
      "     ^\n"
      "rule 'topic': the message is no JSON object\n"
      "rule 'pin': the text is '{\"a\\u0001\":1}', which does not match ^pin (?P<at>\\S+)\n"
      "rule 'tenant': header X-Tenant is absent\n"
      "no rule answers\n");
  CHECK(run({.explain = true}, {"\xff"}).out == "1007  the text is not UTF-8\n");
}

TEST_CASE("what was not as expected is told of the first few messages") {
  CHECK(run({.many = true, .expect = "order"}, {to_order, to_order}).complaints.empty());
  auto const seen = run({.many = true, .expect = "NO_ROUTE"},
                        {to_nobody, "pin 127.0.0.1:9001", "{}", to_order, to_order, to_order, to_order, to_order});
  REQUIRE(seen.complaints.size() == 6);
  CHECK(seen.complaints[0] == "f:2: expected NO_ROUTE, got order (by rule 'pin')\n    pin 127.0.0.1:9001");
  CHECK(seen.complaints[1] == "f:3: expected NO_ROUTE, got NO_METHOD (the routing key is missing)\n    {}");
  CHECK(seen.complaints[2] == "f:4: expected NO_ROUTE, got order\n    " + std::string(to_order));
  CHECK(seen.complaints[5] == "and 2 more of 8 messages");
}

TEST_CASE("what a client wrote reaches no terminal and no JSON as it is") {
  CHECK(run({}, {"pin \x1b[2J"}).out.find('\x1b') == std::string::npos);
  std::string text;
  add_json_string(text, "a\"\x1b\xff\xc3\xa9");
  CHECK(text == R"("a\"\u001b)"
                "\xef\xbf\xbd\xc3\xa9\"");
}

}  // namespace
}  // namespace gw::tools
