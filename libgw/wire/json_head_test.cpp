#include "wire/json_head_rows.hpp"

namespace gw::wire {
namespace {

using enum head_verdict;

TEST_CASE("the routing key is found wherever it stands at top level") {
  check({
      {R"({"method":"/api/v1/x/y"})", found, "/api/v1/x/y"},
      {R"({"method":"/api/v1/x/y","data":{"a":[1,2]},"id":7})", found, "/api/v1/x/y"},
      {R"({"id":7,"method":"/api/v1/x/y","data":{"a":[1,2]}})", found, "/api/v1/x/y"},
      {R"({"data":{"a":[1,2]},"id":7,"method":"/api/v1/x/y"})", found, "/api/v1/x/y"},
      {" \t\r\n{ \"method\" :\r\n \"/a\" , \"b\" : [ ] } \n", found, "/a"},
      {R"({"method": "/a"})", found, "/a"},
      {R"({"method":""})", found, ""},
      {R"({"a":true,"b":null,"c":-0.5e+7,"d":"x","e":[],"f":{},"method":"/a"})", found, "/a"},
      {R"({"":1,"m":2,"metho":3,"methods":4,"method":"/a"})", found, "/a"},
      {R"({"method":"/a b?c=d#e;f//g"})", found, "/a b?c=d#e;f//g"},
      {"{\"method\":\"/\xE2\x80\xAE\xD0\xB0\"}", found, "/\xE2\x80\xAE\xD0\xB0"},
      {R"({"__proto__":{"method":"/b"},"constructor":1,"method":"/a"})", found, "/a"},
  });
}

TEST_CASE("numbers of any size pass, since nothing is converted") {
  for (auto const& number :
       {std::string{"1e400"}, std::string{"-0"}, std::string{"9223372036854775809"}, repeat(1500, "7")}) {
    check({R"({"n":)" + number + R"(,"method":"/a","m":)" + number + "}", found, "/a"});
    check({R"({"n":)" + number + R"(,"method":"/a","m":)" + number + "}", found, "/a"}, {.level = validation::grammar});
  }
}

TEST_CASE("what is not a JSON object is refused") {
  check({
      {"", not_json},
      {"   ", not_json},
      {"hello", not_json},
      {"[]", not_json},
      {R"(["method","/a"])", not_json},
      {R"("method")", not_json},
      {"7", not_json},
      {"null", not_json},
      {"\xEF\xBB\xBF{\"method\":\"/a\"}", not_json},
      {std::string{"{\0\"\0m\0", 6}, not_json},
      {"\f{\"method\":\"/a\"}", not_json},
      {"\v{\"method\":\"/a\"}", not_json},
      {"{", not_json},
      {"{]", not_json},
      {"{,}", not_json},
      {R"({"a"})", not_json},
      {R"({"a":})", not_json},
      {R"({"a":1,})", not_json},
      {R"({"a":1,,"method":"/a"})", not_json},
      {R"({"a":1 "method":"/a"})", not_json},
      {R"({"a" 1,"method":"/a"})", not_json},
      {R"({"a"::1,"method":"/a"})", not_json},
      {R"({"a":1/**/,"method":"/a"})", not_json},
      {R"({"a":[1},"method":"/a"})", not_json},
      {R"({"a":{"b":1],"method":"/a"})", not_json},
      {R"({"a":[1]],"method":"/a"})", not_json},
      {R"({method:"/a"})", not_json},
      {R"({"a":1,'method':"/a"})", not_json},
      {R"({"method")", not_json},
      {R"({"method":)", not_json},
      {R"({"method":})", not_json},
      {R"({"method":"/a)", not_json},
      {R"({"method":"/a\)", not_json},
  });
}

TEST_CASE("control characters in what is walked are refused") {
  check({
      {"{\"a\n\":1,\"method\":\"/a\"}", not_json},
      {"{\"a\":\"\x01\",\"method\":\"/a\"}", not_json},
      {"{\"a\":\"\\\\\\\n\",\"method\":\"/a\"}", not_json},
      {"{\"a\":[\"\t\"],\"method\":\"/a\"}", not_json},
      {"{\"a\":[\"\\\t\"],\"method\":\"/a\"}", not_json},
      {"{\"a\":[\f],\"method\":\"/a\"}", not_json},
      {"{\"a\":[\\],\"method\":\"/a\"}", not_json},
      {"{\"a\":[1,\n\t\r 2],\"method\":\"/a\"}", found, "/a"},
      {"{\"method\":\"/\x1F\"}", not_json},
      {std::string{"{\"method\":\"/\0\"}", 14}, not_json},
      {"{\"a\":[" + repeat(80, "1,") + "\x02],\"method\":\"/a\"}", not_json},
      {"{\"a\":[\"" + repeat(80, "x") + "\x02\"],\"method\":\"/a\"}", not_json},
      {"{\"a\":[" + repeat(40, "\n1,") + "2],\"method\":\"/a\"}", found, "/a"},
  });
}

TEST_CASE("a message without the routing key says so") {
  check({
      {"{}", no_key},
      {" { } ", no_key},
      {R"({"Method":"/a"})", no_key},
      {R"({"METHOD":"/a","method ":"/a"," method":"/a","metho":"/a","methods":"/a"})", no_key},
      {R"({"data":{"method":"/a"}})", no_key},
      {R"({"data":[{"method":"/a"}]})", no_key},
      {R"({"data":"\"method\":\"/a\""})", no_key},
      {R"({"data":"method","x":["method","/a"]})", no_key},
      {"{\"data\":\"" + repeat(30, R"(\\\"method\":)") + "\"}", no_key},
      {R"({"m\u00e9thod":"/a"})", no_key},
  });
}

TEST_CASE("without the routing key the whole text must be one object") {
  check({{R"({}{"method":"/a"})", not_json}, {"{}x", not_json}, {R"({"a":1}})", not_json}, {R"({"a":[1)", not_json}});
}

TEST_CASE("nested and quoted occurrences of the routing key are ignored") {
  check({
      {R"({"data":{"method":"/b","x":{"method":1}},"method":"/a"})", found, "/a"},
      {R"({"method":"/a","data":{"method":"/b"}})", found, "/a"},
      {R"({"method":"/a","data":{"m\u0065thod":"/b"}})", found, "/a"},
      {R"({"method":"/a","data":"\"method\":\"/b\""})", found, "/a"},
      {R"({"method":"/a","data":"method","list":["method"]})", found, "/a"},
      {R"({"method":"/a","data":"}","more":["]}",{"method":"\\"}]})", found, "/a"},
      {R"({"method":"/a","data":"\u0000\u001f"})", found, "/a"},
      {R"({"method":"method"})", found, "method"},
      {R"({"a":"method","method":"/a"})", found, "/a"},
  });
}

TEST_CASE("escapes in the key and in its value are decoded") {
  check({
      {R"({"\u006dethod":"/a"})", found, "/a"},
      {R"({"m\u0065thod":"/a"})", found, "/a"},
      {R"({"\u006D\u0065\u0074\u0068\u006F\u0064":"/a"})", found, "/a"},
      {R"({"method":"\/api\/v1\u002fx"})", found, "/api/v1/x"},
      {R"({"method":"\"\\\b\f\n\r\t"})", found, "\"\\\b\f\n\r\t"},
      {R"({"method":"\u0000"})", found, std::string(1, '\0')},
      {R"({"method":"/\u00e9\u4e2d\ud83d\ude00"})", found, "/\u00e9\u4e2d\U0001F600"},
      {R"({"method":"/\u007f\u0080\u07ff\u0800\uffff\ud800\udc00\udbff\udfff"})", found,
       "/\x7f\u0080\u07ff\u0800\uffff\U00010000\U0010FFFF"},
      {R"({"m\u0045thod":"/b","method":"/a"})", found, "/a"},
      {R"({"method":"/\q"})", not_json},
      {R"({"method":"/\u12"})", not_json},
      {R"({"method":"/\u12g4"})", not_json},
      {R"({"method":"/\U0041"})", not_json},
      {R"({"me\thod\q":"/a","method":"/a"})", not_json},
  });
}

TEST_CASE("half a surrogate pair in the routing key is refused") {
  check({
      {R"({"method":"/\ud800"})", bad_key},
      {R"({"method":"/\udc00\ud800"})", bad_key},
      {R"({"method":"/\ud800x"})", bad_key},
      {R"({"method":"/\ud800\n"})", bad_key},
      {R"({"method":"/\ud800\ud800"})", bad_key},
      {R"({"method":"/\ud83d\u0041"})", bad_key},
      {R"({"meth\ud800od":"/a"})", not_json},
  });
}

TEST_CASE("a routing key that is not a string is refused") {
  for (std::string const value :
       {"1", "-1.5", "null", "true", "false", "[]", "{}", R"(["/a"])", R"({"method":"/a"})"}) {
    check({R"({"method":)" + value + "}", bad_key});
    check({R"({"a":[1,2],"method": )" + value + R"(,"b":2})", bad_key});
  }
}

TEST_CASE("the routing key holds at most 1 KiB") {
  check({
      {R"({"method":")" + std::string(1024, 'x') + "\"}", found, std::string(1024, 'x')},
      {R"({"method":")" + std::string(1025, 'x') + "\"}", bad_key},
      {R"({"a":1,"method":")" + std::string(1024, 'x') + "\"}", found, std::string(1024, 'x')},
      {R"({"a":1,"method":")" + std::string(1025, 'x') + "\"}", bad_key},
      {R"({"method":")" + std::string(1'000'000, 'x') + "\"}", bad_key},
      {R"({"method":")" + repeat(1024, R"(\u0041)") + "\"}", found, std::string(1024, 'A')},
      {R"({"method":")" + repeat(1025, R"(\u0041)") + "\"}", bad_key},
  });
}

TEST_CASE("a second routing key is refused wherever it stands and however it is spelled") {
  std::string const spellings[] = {R"("method")", R"("m\u0065thod")", R"("\u006dethod")", R"("metho\u0064")",
                                   R"("\u006D\u0065\u0074\u0068\u006f\u0064")"};
  std::string const fillers[] = {"", R"("x":1,)", R"("data":{"method":"/n"},)", R"("s":"\\\"}",)",
                                 R"("long":[)" + repeat(60, R"({"k":"v\"]"},)") + "0],"};
  for (auto const& first : spellings) {
    for (auto const& second : spellings) {
      for (auto const& filler : fillers) {
        INFO(first << second << filler);
        auto const text = "{" + filler + first + R"(:"/a",)" + filler + second + R"( : "/a",)" + filler + R"("z":0})";
        CHECK(head_scanner{{}}.scan(text).verdict == bad_key);
        CHECK(head_scanner{{.level = validation::structure}}.scan(text).verdict == bad_key);
        CHECK(head_scanner{{.level = validation::grammar}}.scan(text).verdict == bad_key);
      }
    }
  }
  check({
      {R"({"method":"/a","method":"/a"})", bad_key},
      {R"({"method":"/a","method":1})", bad_key},
      {R"({"method":"/a","x":[1,{"y":"z"}],"m\u0065thod":"/b","t":2})", bad_key},
      {R"({"method":"\/a","x":"0123456789012345678901234567890123456789","method":"/b"})", bad_key},
      {R"({"method":"/a","method")", bad_key},
  });
}

TEST_CASE("a suspected second key behind a fault is refused, since another parser may read on") {
  check({
      {R"({"method":"/a","x":1,,"method":"/b"})", not_json},
      {R"({"method":"/a","x":[},"method":"/b"})", not_json},
      {R"({"method":"/a",'x':'"',"method":"/b"})", not_json},
      {R"({"method":"/a","x":[1},"y":"\u0041"})", not_json},
  });
}

TEST_CASE("behind the routing key the level decides what counts") {
  struct row {
    std::string text;
    head_verdict routing, structure, grammar;
  };
  for (auto const& r : {
           row{R"({"method":"/a","x":tru})", found, found, not_json},
           row{R"({"method":"/a","x":[1 2]})", found, found, not_json},
           row{R"({"method":"/a","x":["\q"]})", found, found, not_json},
           row{R"({"method":"/a","x":[1})", found, not_json, not_json},
           row{R"({"method":"/a","x":[)", found, not_json, not_json},
           row{R"({"method":"/a","x":"abc)", found, not_json, not_json},
           row{R"({"method":"/a",)", found, not_json, not_json},
           row{R"({"method":"/a")", found, not_json, not_json},
           row{R"({"method":"/a"} x)", found, not_json, not_json},
           row{R"({"method":"/a"}{"method":"/b"})", found, not_json, not_json},
           row{R"({"method":"/a","x":{"method":1)", found, not_json, not_json},
           row{"{\"method\":\"/a\",\"x\":\"\n\"}", found, not_json, not_json},
           row{R"({"method":"/a"} )", found, found, found},
       }) {
    auto const value = [](head_verdict v) { return v == found ? "/a" : ""; };
    check({r.text, r.routing, value(r.routing)}, {.level = validation::routing});
    check({r.text, r.structure, value(r.structure)}, {.level = validation::structure});
    check({r.text, r.grammar, value(r.grammar)}, {.level = validation::grammar});
  }
}

TEST_CASE("64 levels pass and 65 do not, at once and in any mixture") {
  auto const nested = [](std::size_t levels, std::string_view open, std::string_view close, std::string_view inner) {
    return R"({"a":)" + repeat(levels - 1, open) + std::string{inner} + repeat(levels - 1, close) +
           R"(,"method":"/a"})";
  };
  for (auto const level : {validation::routing, validation::structure, validation::grammar}) {
    check({nested(64, "[", "]", "1"), found, "/a"}, {.level = level});
    check({nested(65, "[", "]", "1"), not_json}, {.level = level});
    check({nested(64, R"({"b":)", "}", "1"), found, "/a"}, {.level = level});
    check({nested(65, R"({"b":)", "}", "1"), not_json}, {.level = level});
    check({R"({"a":)" + repeat(100'000, "["), not_json}, {.level = level});
    check({repeat(100'000, R"({"a":)"), not_json}, {.level = level});
  }
  check({R"({"method":"/a","b":)" + repeat(100'000, "["), not_json}, {.level = validation::structure});
}

TEST_CASE("100,000 members are read to the last") {
  std::string text = "{";
  for (int i = 0; i < 100'000; ++i) text += "\"key" + std::to_string(i) + "\":" + std::to_string(i) + ",";
  check({text + R"("method":"/a"})", found, "/a"});
  check({text + R"("methods":"/a"})", no_key});
}

TEST_CASE("values that cross the blocks of the vector code are matched as by hand") {
  for (std::size_t pad = 0; pad < 130; ++pad) {
    auto const blanks = std::string(pad, ' ');
    INFO(pad);
    auto const text = R"({"a":[)" + blanks + R"("\\\"]}",{"x\\":"\\\\"},"\\)" + blanks + R"(\"method\":"],"s":"\")" +
                      blanks + R"(\\","method":"/a","b":[1]})";
    head_scanner scanner{{}};
    CHECK(scanner.scan(text).value == "/a");
    CHECK(streamed({}, {std::string_view{text}.substr(0, 70), std::string_view{text}.substr(70)}) == found);
  }
}

TEST_CASE("a second key behind a string of any length is found wherever the text is cut") {
  for (std::size_t const length : {0U, 1U, 31U, 63U, 64U, 65U, 127U, 128U, 191U, 192U, 193U, 400U}) {
    auto const plain = std::string(length, 'x');
    auto const front = R"({"method":"/a","data":")" + plain;
    check({
        {front + R"(","method":"/b"})", bad_key},
        {front + R"(\"","method":"/b"})", bad_key},
        {front + R"(\\","m\u0065thod":"/b"})", bad_key},
        {front + R"(","data":["\\)" + plain + R"("],"method":"/b"})", bad_key},
        {front + R"(\"","methods":")" + plain + R"(\\"})", found, "/a"},
    });
  }
}

TEST_CASE("a control character anywhere in a long string is a fault where the string is judged") {
  for (std::size_t at = 0; at < 300; at += 7) {
    auto text = R"({"method":"/a","data":")" + std::string(300, 'x') + R"("})";
    text[23 + at] = '\x1f';
    check({text, found, "/a"});
    check({text, not_json}, {.level = validation::structure});
    text.insert(text.size() - 1, R"(,"method":"/b")");
    check({text, not_json});
  }
}

TEST_CASE("other keys may route, also such as need escapes") {
  check({{R"({"op":"x","method":"/a"})", found, "x"}, {R"({"op":"x","\u006fp":"y"})", bad_key}}, {.key = "op"});
  check(
      {{R"({"a\/b":"x"})", found, "x"}, {R"({"a/b":"x","c":{}})", found, "x"}, {R"({"a/b":"x","a\/b":"y"})", bad_key}},
      {.key = "a/b"});
  check({{R"({"a\"b":"x"})", found, "x"}, {R"({"a"b":"x"})", not_json}, {R"({"a\"b":"x","a\u0022b":"y"})", bad_key}},
        {.key = "a\"b"});
  check({{R"({"":"x"})", found, "x"}, {R"({"":"x","":"y"})", bad_key}}, {.key = ""});
  check({{"{\"\u4e2d\":\"x\"}", found, "x"}, {"{\"\u4e2d\":\"x\",\"\\u4e2d\":\"y\"}", bad_key}}, {.key = "\u4e2d"});
}

TEST_CASE("faults and values are given with their place") {
  head_scanner scanner{{}};
  CHECK(scanner.scan(R"({"method":"/a"})").at == 11);
  CHECK(scanner.scan(R"({"a":1,"method" : "/a"})").at == 19);
  CHECK(scanner.scan(R"({"method":"\/a"})").at == 11);
  CHECK(scanner.scan("{\"a\":1,\"b\":\"\x01\"}").at == 12);
  CHECK(scanner.scan("x").at == 0);
  CHECK(scanner.scan(R"({"a":[1,2},"method":"/a"})").at == 9);
  CHECK(scanner.scan(R"({'a':[1,2},'method':'/a'})").at == 9);
  CHECK(scanner.scan("{\"a\":[" + repeat(100, "1,") + "\"\n\"]}").at == 207);
  CHECK(scanner.scan(R"({"a":)" + repeat(70, "[")).at == 5 + max_json_depth - 1);
  std::string const text = R"({"method":"/a"})";
  CHECK(scanner.scan(text).value.data() == text.data() + 11);
}

TEST_CASE("a prefix is looked at for 16 KiB and no more") {
  head_scanner scanner{{}};
  auto const text = R"({"a":")" + std::string(max_prefix, 'x') + R"(","method":"/a"})";
  CHECK(scanner.scan_prefix(text).verdict == undecided);
  CHECK(scanner.scan(text).verdict == found);
  CHECK(scanner.scan_prefix(R"({"a":1})").verdict == undecided);
}

TEST_CASE("a streamed message is refused at the piece that shows the fault") {
  tail_walk tail{{}};
  CHECK(tail.feed(R"({"method":"/a","da)"));
  CHECK(tail.feed(R"(ta":{},"met)"));
  CHECK_FALSE(tail.feed(R"(hod":1)"));
  CHECK(tail.fault() == bad_key);
  CHECK_FALSE(tail.feed("}"));
  CHECK_FALSE(tail.finish());
  CHECK_FALSE(tail.why().empty());
}

}  // namespace
}  // namespace gw::wire
