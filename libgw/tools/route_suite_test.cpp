#include "tools/route_suite.hpp"

#include "tools/route_suite_run.hpp"
#include "tools/route_world_test.hpp"

#include <nlohmann/json.hpp>

namespace gw::tools {
namespace {

read_suites read(route_judge const& judge, std::string const& toml, written_handshake const& base = {}) {
  return read_route_suites({"t.toml"}, judge, base, testing::world_of({{"t.toml", toml}}));
}

/// The problems, one a line, without the source lines.
std::string problems_of(std::string const& toml) {
  auto const judge = make_judge();
  std::string lines;
  for (auto const& p : read(judge, toml).problems) {
    auto const text = config::format(p);
    lines += text.substr(0, text.find('\n')) + "\n";
  }
  return lines;
}

/// Outcome and report of a file without problems.
suites_result outcome_of(std::string const& toml, std::string& report, bool quiet = false) {
  auto judge = make_judge();
  auto const suites = read(judge, toml);
  CHECK(suites.problems.empty());
  auto result = run_route_suites(suites.suites, judge, loaded_world().places);
  add_report(report, result, report_form::text, quiet);
  return result;
}

std::string differences(std::string const& one_case) {
  std::string report;
  auto const result = outcome_of("[[case]]\n" + one_case, report);
  std::string lines;
  for (auto const& text : result.suites.front().cases.front().differences) lines += text + "\n";
  return lines;
}

TEST_CASE("every mistake of a test file is told at once, each with its place") {
  CHECK(problems_of("[[case]]\n"
                    "nmae = \"x\"\n"
                    "message = 5\n"
                    "expct = \"order\"\n"
                    "[[case]]\n"
                    "name = \"y\"\n"
                    "message = { at = 1979-05-27 }\n"
                    "expect = \"ordr\"\n"
                    "expect_rule = \"topci\"\n"
                    "context = { paht = \"/ws\", client = \"x\" }\n"
                    "[[case]]\n"
                    "name = \"y\"\n"
                    "message = \"\"\n"
                    "expect = \"NO_RUTE\"\n"
                    "expect_error = { code = 1 }\n"
                    "[[casee]]\n") ==
        "t.toml:1:1: error: case.expect: is missing; write a service or the code of an error frame\n"
        "t.toml:2:1: error: case.nmae: unknown key; did you mean 'name'?\n"
        "t.toml:3:11: error: case.message: must be a string or a table, not a whole number\n"
        "t.toml:4:1: error: case.expct: unknown key; did you mean 'expect'?\n"
        "t.toml:7:18: error: case.message: JSON has no dates and times; write a string\n"
        "t.toml:8:10: error: case.expect: 'ordr' is neither a service nor a code; did you mean 'order'?\n"
        "t.toml:9:15: error: case.expect_rule: there is no rule 'topci'; did you mean 'topic'?\n"
        "t.toml:10:11: error: case.context: 'x' is no IP address\n"
        "t.toml:10:13: error: case.context.paht: unknown key; did you mean 'path'?\n"
        "t.toml:12:8: error: case.name: is the name of the case in line 5, too\n"
        "t.toml:14:10: error: case.expect: 'NO_RUTE' is neither a service nor a code; did you mean 'NO_ROUTE'?\n"
        "t.toml:15:18: error: case.expect_error: 'code' must be a JSON Pointer; write \"/topic\"\n"
        "t.toml:16:3: error: casee: unknown key; did you mean 'case'?\n");
  CHECK(problems_of("") == "t.toml: error: has no [[case]]\n");
  CHECK(problems_of("case = 1") == "t.toml:1:8: error: case: must be a list of tables; write [[case]]\n");
  CHECK(problems_of("[[case]\n").starts_with("t.toml:1:"));
  auto const judge = make_judge();
  auto const missing = read_route_suites({"no.toml"}, judge, {}, testing::world_of({}));
  REQUIRE(missing.problems.size() == 1);
  CHECK(config::format(missing.problems.front()) == "no.toml: error: cannot be read: it is not there");
}

TEST_CASE("a table is written as JSON") {
  auto const judge = make_judge();
  auto const suites =
      read(judge,
           "[[case]]\nmessage = { method = \"/x\", id = 7, data = { list = [1, 2.5, true, \"\\u00e9\"] } }\n"
           "expect = \"NO_ROUTE\"\n");
  REQUIRE(suites.problems.empty());
  auto const& c = suites.suites.front().cases.front();
  CHECK(c.message == R"({"data":{"list":[1,2.5,true,"é"]},"id":7,"method":"/x"})");
  CHECK(c.name == "case in line 1");
}

TEST_CASE("the circumstances of a case lie above those of the file, and those above the command line") {
  auto const judge = make_judge(
      "[[listener]]\nws_paths = [\"/**\"]\n[[rule]]\nid = \"all\"\nwhen = { path = \"/a\", header = [{ name = "
      "\"X-One\", exists = true },"
      "{ name = \"X-Two\", exists = true }] }\nservice = \"order\"\n");
  written_handshake const base{.headers = {{"x-one", "base"}, {"X-Two", "base"}}, .path = "/base", .user = "base"};
  auto const suites = read(judge,
                           "[context]\npath = \"/file\"\nheaders = { X-One = \"file\" }\nuser = \"file\"\n"
                           "[[case]]\nname = \"a\"\nmessage = \"\"\nexpect = \"order\"\n"
                           "[[case]]\nname = \"b\"\nmessage = \"\"\nexpect = \"order\"\n"
                           "context = { path = \"/case\", headers = { x-two = [\"1\", \"2\"] }, user = \"case\" }\n",
                           base);
  REQUIRE(suites.problems.empty());
  auto const shown = [&](std::size_t i) {
    auto const& told = suites.suites.front().cases[i].session.told;
    return told.path + " " + *told.user + " " + std::string(*route::value_of(told.headers, "X-One")) + " " +
           std::string(*route::value_of(told.headers, "X-Two"));
  };
  CHECK(shown(0) == "/file file file base");
  CHECK(shown(1) == "/case case file 1, 2");
}

TEST_CASE("cases are held to everything that they expect") {
  auto const check = [](std::string const& one_case, std::string_view expected) {
    CHECK(differences(one_case) == expected);
  };
  check(
      "message = { method = \"/api/v1/order/x\" }\nexpect = \"order\"\nexpect_rule = \"url_rule\"\n"
      "expect_instance = \"127.0.0.1:9001\"\n",
      "");
  check(
      "message = \"pin 127.0.0.1:9002\"\nexpect = \"order\"\nexpect_rule = \"pin\"\n"
      "expect_captures = { at = \"127.0.0.1:9002\" }\nexpect_instance = \"127.0.0.1:9002\"\n",
      "");
  check(
      "message = \"x\"\ncontext = { headers = { X-Tenant = \"a\" }, user = \"ann\" }\nexpect = \"near\"\n"
      "expect_key = \"ann\"\n",
      "");
  check(
      "message = { method = \"/api/v1/ordr/x\", id = 3 }\nexpect = \"NO_ROUTE\"\n"
      "expect_error = { \"/error/service\" = \"ordr\", \"/data/id\" = 3, \"/error/retryable\" = false }\n",
      "");
  check("message = \"x\"\nbinary = true\nexpect = \"UNSUPPORTED_TYPE\"\n", "");
  check("message = { method = \"/api/v1/order/x\" }\nexpect = \"legacy\"\n",
        "expected legacy, got order, by the URL rule\n");
  check("message = { topic = \"legacy.x\" }\nexpect = \"order\"\n", "expected order, got legacy, by rule 'topic'\n");
  check("message = \"x\"\nexpect = \"order\"\n", "expected order, got PARSE_ERROR: not a JSON object\n");
  check(
      "message = \"pin 127.0.0.1:9002\"\nexpect = \"order\"\nexpect_rule = \"url_rule\"\nexpect_key = \"k\"\n"
      "expect_captures = { at = \"x\", ta = \"y\" }\nexpect_instance = \"127.0.0.1:9001\"\n"
      "expect_error = { \"/error/code\" = \"NO_ROUTE\" }\n",
      "rule: expected 'url_rule', got 'pin'\n"
      "capture at: expected 'x', got '127.0.0.1:9002'\n"
      "capture ta: rule 'pin' captures no such thing; did you mean 'at'?\n"
      "key: expected 'k', got none\n"
      "instance: expected '127.0.0.1:9001', got '127.0.0.1:9002'\n"
      "error /error/code: expected \"NO_ROUTE\", got nothing\n");
  check("message = { method = \"/api/v1/far/x\" }\nexpect = \"far\"\nexpect_instance = \"a.internal:1\"\n",
        "instance: cannot be known without the addresses of the service's host names\n");
}

constexpr char const* two_cases =
    "[[case]]\nname = \"good\"\nmessage = { topic = \"order.x\" }\nexpect = \"order\"\n"
    "[[case]]\nname = \"<bad> \\u0001\"\nmessage = \"hello\"\nexpect = \"legacy\"\n";

TEST_CASE("a report names every case, what a failed one came to, and the rules that no case was about") {
  std::string report;
  auto const result = outcome_of(two_cases, report);
  CHECK(result.passed == 1);
  CHECK(result.failed == 1);
  CHECK(report ==
        "ok      t.toml:1: good\n"
        "FAILED  t.toml:5: <bad> \\u0001\n"
        "        expected legacy, got PARSE_ERROR: not a JSON object\n"
        "        | PARSE_ERROR: not a JSON object, at byte 0\n"
        "        |   hello\n"
        "        |   ^\n"
        "        | rule 'topic': the message is no JSON object\n"
        "        | rule 'pin': the text is 'hello', which does not match ^pin (?P<at>\\S+)\n"
        "        | rule 'tenant': header X-Tenant is absent\n"
        "        | no rule answers\n"
        "never hit: rule 'pin' (wsgw.toml:15)\n"
        "never hit: rule 'tenant' (wsgw.toml:20)\n"
        "never hit: service 'far' (wsgw.toml:9)\n"
        "never hit: service 'legacy' (wsgw.toml:4)\n"
        "never hit: service 'near' (wsgw.toml:6)\n"
        "2 cases: 1 ok, 1 FAILED\n");
  std::string brief;
  outcome_of(two_cases, brief, true);
  CHECK(brief.starts_with("FAILED  "));
  CHECK(brief.find("never hit") == std::string::npos);
}

TEST_CASE("a report as JSON is one document, or a line for each case") {
  auto judge = make_judge();
  auto const suites = read(judge, two_cases);
  auto const result = run_route_suites(suites.suites, judge, {});
  std::string whole;
  add_report(whole, result, report_form::json, false);
  auto const document = nlohmann::json::parse(whole);
  CHECK(document["schema"] == "wsgw.route_suite.v1");
  CHECK(document["failed"] == 1);
  CHECK(document["cases"][0]["verdict"]["rule"] == "topic");
  CHECK(document["cases"][1]["differences"][0] == "expected legacy, got PARSE_ERROR: not a JSON object");
  CHECK(document["never_hit"][0] == nlohmann::json({{"what", "rule 'pin'"}, {"place", ""}}));
  std::string lines;
  add_report(lines, result, report_form::ndjson, false);
  CHECK(std::count(lines.begin(), lines.end(), '\n') == 3);
  CHECK(nlohmann::json::parse(lines.substr(0, lines.find('\n')))["schema"] == "wsgw.route_case.v1");
}

TEST_CASE("JUnit XML holds what a document can hold") {
  auto judge = make_judge();
  auto const suites = read(judge, two_cases);
  CHECK(junit_of(run_route_suites(suites.suites, judge, {}))
            .starts_with(
                "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
                "<testsuites tests=\"2\" failures=\"1\">\n"
                "  <testsuite name=\"t.toml\" tests=\"2\" failures=\"1\" errors=\"0\" skipped=\"0\">\n"
                "    <testcase classname=\"t.toml\" name=\"good\" file=\"t.toml\" line=\"1\"/>\n"
                "    <testcase classname=\"t.toml\" name=\"&lt;bad&gt; ?\" file=\"t.toml\" line=\"5\">\n"
                "      <failure message=\"expected legacy, got PARSE_ERROR: not a JSON object\">expected legacy, "
                "got PARSE_ERROR: not a JSON object&#10;PARSE_ERROR: not a JSON object, at byte 0&#10;  hello&#10;  "
                "^&#10;"));
}

}  // namespace
}  // namespace gw::tools
