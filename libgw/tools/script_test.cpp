#include "tools/script.hpp"

#include "testing/catch.hpp"
#include "tools/explain.hpp"

using namespace gw::tools;

namespace {

/// Each step as its where(), joined by "; ". Of a script that is refused: the complaint.
void check(std::string_view script, std::string_view expected) {
  CAPTURE(script);
  auto const steps = parse_script(script);
  std::string text = steps ? std::string() : steps.error().context;
  if (steps) {
    for (auto const& s : *steps) text += (text.empty() ? "" : "; ") + s.where();
  }
  CHECK(text == expected);
}

/// "met", or the lines "expected" and "got" of the complaint.
void check_verdict(step const& expectation, std::string_view message, std::string_view expected) {
  CAPTURE(expectation.where(), message);
  auto const found = complaint(expectation, message);
  auto const lines = found.value_or("met");
  auto const begin = found ? lines.find("expected: ") + 10 : 0;
  auto const end = found ? lines.find("\n  message:") : lines.size();
  CHECK(lines.substr(begin, end - begin) == expected);
}

void check_expect(std::string_view pointer_and_value, std::string_view message, std::string_view expected) {
  auto const expectation = make_expect(pointer_and_value);
  REQUIRE(expectation.has_value());
  check_verdict(*expectation, message, expected);
}

}  // namespace

TEST_CASE("A script is read line by line") {
  check("", "");
  check("# nothing\n\n   # indented\n", "");
  check("send hello  world \nping\n", "line 1: send hello  world; line 2: ping");
  check("\ncall echo/hello \"hi\"\nexpect /data=\"hi\"\r\nand /n=1",
        "line 2: call /api/v1/echo/hello; line 3: expect /data=\"hi\"; line 4: and /n=1");
  check("expect-text a b\nexpect-close 1012\nexpect-close\nclose 3001\nclose\nwait 100ms",
        "line 1: expect-text a b; line 2: expect-close 1012; line 3: expect-close; line 4: close 3001; "
        "line 5: close 1000; line 6: wait 100ms");
}

TEST_CASE("A script that is wrong is refused with its line") {
  check("send a\nsned b", "line 2: unknown step 'sned'; did you mean 'send'?");
  check("send", "line 1: a text is missing; write 'send TEXT'");
  check("call echo", "line 1: 'echo' is not SERVICE/PATH; write for example: echo/hello '\"hi\"'");
  check("call echo/x hi", "line 1: 'hi' is not JSON; a string needs its quotes: '\"hi\"'");
  check("expect n=1", "line 1: 'n=1' is not PTR=VALUE with a JSON Pointer; write for example: /data/name=\"x\"");
  check("expect /a~2=1", "line 1: '/a~2=1' is not PTR=VALUE with a JSON Pointer; write for example: /data/name=\"x\"");
  check("and /n=1", "line 1: 'and' stands behind an expect");
  check("close 1005", "line 1: close code 1005 must not be sent; use 1000 or 3000 to 4999");
  check("expect-close 12", "line 1: '12' is not a close code (1000 to 4999)");
  check("ping x", "line 1: 'ping' takes no words");
  CHECK_FALSE(parse_script("wait 100").has_value());
}

TEST_CASE("A call becomes a message that the gateway routes") {
  CHECK(call_message(*make_call("echo/hello", R"({"a": 1})"), 3) ==
        R"({"method":"/api/v1/echo/hello","data":{"a": 1},"id":3})");
  CHECK(call_message(*make_call("echo/a/b", ""), 1) == R"({"method":"/api/v1/echo/a/b","data":null,"id":1})");
}

TEST_CASE("An expectation compares JSON values, not their spelling") {
  check_expect("/n=1", R"({"n": 1.0})", "met");
  check_expect("/data={\"a\":1,\"b\":[]}", R"({"data":{"b":[ ],"a":1}})", "met");
  check_expect("/service=order", R"({"service":"order"})", "met");
  check_expect("/list/1=b", R"({"list":["a","b"]})", "met");
  check_expect("=5", "5", "met");
  check_expect("/a~1b=1", R"({"a/b":1})", "met");
}

TEST_CASE("An expectation that is not met says what was expected and what came") {
  check_expect("/n=1", R"({"n":2})", "1\n  got:      2");
  check_expect("/n=1", R"({"n":"1"})", "1\n  got:      \"1\"");
  check_expect("/x/y=true", R"({"x":[1]})", "true\n  got:      nothing at /x/y");
  check_expect("/n=1", "hello", "1\n  got:      a message that is not JSON");
  step const text{.what = step::kind::expect_text, .text = "lo wo"};
  check_verdict(text, "hello world", "met");
  check_verdict(text, "hello", "a message that contains 'lo wo'\n  got:      one that does not");
}

TEST_CASE("An expectation may be a regular expression") {
  check("expect /a=~^x+$\nexpect-match ^[0-9]+$\nexpect\nand /b=1",
        "line 1: expect /a=~^x+$; line 2: expect-match ^[0-9]+$; line 3: expect; line 4: and /b=1");
  check("expect-match (", "line 1: '(' is not a regular expression: missing ): (");
  check("expect /a=~(", "line 1: '(' is not a regular expression: missing ): (");
  check_expect("/a=~^x+$", R"({"a":"xxx"})", "met");
  check_expect("/a=~^1", R"({"a":12})", "met");
  check_expect("/a=~^x+$", R"({"a":"xy"})", "what matches '^x+$'\n  got:      \"xy\"");
  step const text{.what = step::kind::expect_text, .text = "^h.l+o$", .regex = true};
  check_verdict(text, "hello", "met");
  check_verdict(text, "hello you", "a message that matches '^h.l+o$'\n  got:      one that does not");
}

TEST_CASE("Two objects that differ are compared place by place") {
  check_expect(R"(/d={"a":1,"b":[1,2]})", R"({"d":{"a":2,"b":[1,2],"c":3}})",
               "{\"a\":1,\"b\":[1,2]}\n  got:      {\"a\":2,\"b\":[1,2],\"c\":3}\n"
               "  differs:  /d/a: 2 instead of 1\n  differs:  /d/c: 3 instead of nothing");
  check_expect("=[1,2]", "[1,3,4]",
               "[1,2]\n  got:      [1,3,4]\n  differs:  /1: 3 instead of 2\n  differs:  /-: 4 instead of nothing");
  check_expect("=[1,2]", "[1]", "[1,2]\n  got:      [1]\n  differs:  /1: nothing instead of 2");
}

TEST_CASE("What a reply holds can be captured and sent") {
  captured all;
  auto const steps = parse_script(
      "expect\ncapture id = /data/id\ncapture name = /data/name\n"
      "send {\"id\":${id},\"name\":\"${name}\",\"x\":\"${\"}");
  REQUIRE(steps.has_value());
  std::string_view const message = R"({"data":{"id":[7],"name":"a \"b\""}})";
  CHECK_FALSE(capture((*steps)[1], message, all).has_value());
  CHECK_FALSE(capture((*steps)[2], message, all).has_value());
  CHECK(filled_in((*steps)[3], all).text == R"({"id":[7],"name":"a \"b\"","x":"${"})");
  CHECK(capture((*steps)[1], "{}", all) ==
        "line 2: capture id = /data/id\n  expected: something\n  got:      nothing at /data/id\n  message:  {}");
}

TEST_CASE("A capture stands behind an expect, and a blank behind its capture") {
  check("capture a = /b", "line 1: 'capture' stands behind an expect");
  check("expect /x=1\nand /y=2\ncapture a = /b\nexpect /c=${a}",
        "line 1: expect /x=1; line 2: and /y=2; line 3: capture a = /b; line 4: expect /c=${a}");
  check("expect\ncapture a b", "line 2: 'a b' is not NAME = PTR; write for example: capture id = /data/id");
  check("expect\ncapture a = b", "line 2: 'a = b' is not NAME = PTR; write for example: capture id = /data/id");
  check("send ${a}", "line 1: nothing was captured as 'a'; write before it, behind an expect: capture a = /data/x");
}

TEST_CASE("A message that nests without end is judged without harm") {
  check_expect("/n=1", R"({"d":)" + std::string(200'000, '[') + std::string(200'000, ']') + R"(,"n":1})", "met");
}

TEST_CASE("Error frames and close codes are put into words") {
  CHECK(explain_close(1012, "drain;r=1-2") == "1012 (the server restarts: connect again), reason 'drain;r=1-2'");
  CHECK(explain_close(4000, "") == "4000 (a code of the application)");
  CHECK(explain_error_frame(R"({"method":null,"message":"no healthy instance of 'chat'","error":{"gw":1,)"
                            R"("code":"NO_INSTANCE","http":503,"sent":false,"retryAfterMs":1000}})") ==
        "NO_INSTANCE: no healthy instance of 'chat' (HTTP 503; not sent; may be tried again after 1000 ms)");
  CHECK_FALSE(explain_error_frame(R"({"error":"gw"})").has_value());
}
