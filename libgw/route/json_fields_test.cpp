#include "route/json_fields.hpp"

#include "testing/catch.hpp"

#include <string>
#include <vector>

namespace {

using gw::route::field;
using gw::route::json_fields;

std::string shown(field const& f) {
  switch (f.what) {
    case field::kind::absent:
      return "absent";
    case field::kind::scalar:
      return "= " + std::string(f.text);
    case field::kind::nested:
      return "nested";
    case field::kind::twice:
      return "twice";
  }
  return "?";
}

/// "absent", "= TEXT", "nested" or "twice"; "no object" if the text is none.
std::string read(std::string_view text, std::string_view pointer, bool lenient = false) {
  json_fields fields;
  auto const number = fields.add(pointer);
  return fields.read(text, lenient) ? shown(fields[number]) : "no object";
}

std::string repeat(std::size_t times, std::string_view part) {
  std::string text;
  for (std::size_t i = 0; i < times; ++i) text += part;
  return text;
}

}  // namespace

TEST_CASE("a pointer leads through objects and arrays") {
  auto const check = [](std::string_view text, std::string_view pointer, std::string_view expected) {
    CAPTURE(text, pointer);
    CHECK(read(text, pointer) == expected);
  };
  check(R"({"a":"x"})", "/a", "= x");
  check(R"({"a":"x"})", "/b", "absent");
  check(R"({})", "/a", "absent");
  check(R"({"a":{"b":["x",{"c":"y"}]}})", "/a/b/1/c", "= y");
  check(R"({"a":{"b":["x",{"c":"y"}]}})", "/a/b/0", "= x");
  check(R"({"a":{"b":["x",{"c":"y"}]}})", "/a/b/2", "absent");
  check(R"({"a":{"b":["x",{"c":"y"}]}})", "/a/b", "nested");
  check(R"({"a":{"b":["x",{"c":"y"}]}})", "/a/b/1", "nested");
  check(R"({"a":[0,1,2,3,4,5,6,7,8,9,"x"]})", "/a/10", "= x");
  check(R"({"a":["x","y"]})", "/a/01", "absent");
  check(R"({"a":["x"]})", "/a/-", "absent");
  check(R"({"a":{"0":"x","01":"y","-":"z"}})", "/a/0", "= x");
  check(R"({"a":{"0":"x","01":"y","-":"z"}})", "/a/01", "= y");
  check(R"({"a":{"0":"x","01":"y","-":"z"}})", "/a/-", "= z");
  check(R"({"":"x"})", "/", "= x");
  check(R"({"":{"":"x"}})", "//", "= x");
  check(R"({"a/b":{"~":"x"}})", "/a~1b/~0", "= x");
  check(R"({"~1":"x"})", "/~01", "= x");
  check(R"({"b":{"a":"inner"},"a":"outer"})", "/a", "= outer");
  check(R"({"x":"{\"a\":1}"})", "/a", "absent");
  check(R"({"a":"x"})", "/a/b", "absent");
  check(R"({"A":"x","a ":"y"})", "/a", "absent");
}

TEST_CASE("strings are decoded, everything else is taken as it stands there") {
  auto const check = [](std::string_view value, std::string_view expected) {
    CAPTURE(value);
    CHECK(read("{\"a\":" + std::string(value) + "}", "/a") == expected);
    CHECK(read("{ \"a\" :\t" + std::string(value) + "\n, \"b\":1}", "/a") == expected);
  };
  check(R"("")", "= ");
  check(R"("\"\\\/\b\f\n\r\t")", "= \"\\/\b\f\n\r\t");
  check(R"("a\u0041\u00e9\u20ac\ud83d\ude00z")", "= aA\xC3\xA9\xE2\x82\xAC\xF0\x9F\x98\x80z");
  check("\"\xC3\xA9\"", "= \xC3\xA9");
  for (std::string const same :
       {"0", "-0", "1.50", "1e400", "-1E+2", "0.0e-0", "123456789012345678901234567890", "true", "false", "null"}) {
    check(same, "= " + same);
  }
  CHECK(read(R"({"\u0061":1})", "/a") == "= 1");
  CHECK(read(R"({"b":"\n\n","a":"\t","c":"\r"})", "/a") == "= \t");
}

TEST_CASE("a field that stands there twice, or lies in something that does, has no value") {
  auto const check = [](std::string_view text, std::string_view pointer, std::string_view expected) {
    CAPTURE(text, pointer);
    CHECK(read(text, pointer) == expected);
  };
  check(R"({"a":1,"a":1})", "/a", "twice");
  check(R"({"a":1,"b":2,"\u0061":3,"a":4})", "/a", "twice");
  check(R"({"a":{"b":1},"a":{}})", "/a/b", "twice");
  check(R"({"a":2,"a":{"b":1}})", "/a/b", "twice");
  check(R"({"a":{"b":1,"b":2}})", "/a/b", "twice");
  check(R"({"a":{"b":1,"b":2}})", "/a", "nested");
  check(R"({"a":{"c":1},"b":{"c":2}})", "/a/c", "= 1");
  check(R"({"a":[{"c":1},{"c":2}]})", "/a/1/c", "= 2");
}

TEST_CASE("what is no JSON object has no fields") {
  for (std::string const text : {"",
                                 " ",
                                 "x",
                                 "[]",
                                 "\"a\"",
                                 "1",
                                 "null",
                                 "{",
                                 "{\"a\"",
                                 "{\"a\":",
                                 "{\"a\":1",
                                 "{\"a\":1,",
                                 "{\"a\":1,}",
                                 "{,}",
                                 "{a:1}",
                                 "{'a':1}",
                                 "{\"a\":1}}",
                                 "{\"a\":1} x",
                                 "{\"a\" 1}",
                                 "{\"a\":1 \"b\":2}",
                                 "{\"a\":[1,]}",
                                 "{\"a\":[,1]}",
                                 "{\"a\":[1}}",
                                 "{\"a\":{1]}",
                                 "{\"a\":tru}",
                                 "{\"a\":truex}",
                                 "{\"a\":01}",
                                 "{\"a\":+1}",
                                 "{\"a\":1.}",
                                 "{\"a\":.5}",
                                 "{\"a\":1e}",
                                 "{\"a\":-}",
                                 "{\"a\":NaN}",
                                 "{\"a\":\"\n\"}",
                                 "{\"a\":\"\\x\"}",
                                 "{\"a\":\"\\u12g4\"}",
                                 "{\"a\":\"\\u+123\"}",
                                 "{\"a\":\"\\ud800\"}",
                                 "{\"a\":\"\\ud800\\u0041\"}",
                                 "{\"a\":\"\\ude00\\ud83d\"}",
                                 "{\"a\":\"\\'\"}",
                                 "{\"a\":\"\\u12",
                                 "\xEF\xBB\xBF{\"a\":1}",
                                 "\f{\"a\":1}",
                                 "{\"a\":1}{\"a\":1}"}) {
    CAPTURE(text);
    CHECK(read(text, "/a") == "no object");
  }
  CHECK(read("{\"a\":1,\"b\":" + repeat(63, "[") + repeat(63, "]") + "}", "/a") == "= 1");
  CHECK(read("{\"a\":1,\"b\":" + repeat(64, "[") + repeat(64, "]") + "}", "/a") == "no object");
  CHECK(read("{\"a\":1,\"b\":" + repeat(100'000, "{\"a\":"), "/a") == "no object");
}

TEST_CASE("a lenient text has fields where leniency is allowed") {
  CHECK(read("{'a':'x'}", "/a", true) == "= x");
  CHECK(read("{'b':1, a:\"it's\"}", "/a", true) == "= it's");
  CHECK(read("{'a':{b:['c',{\"d\":'\\'\\u0041'}]}}", "/a/b/1/d", true) == "= 'A");
  CHECK(read("{'a':1,'a':2}", "/a", true) == "twice");
  CHECK(read("{'a':1,9x:2}", "/a", true) == "no object");
  CHECK(read("{'a':bare}", "/a", true) == "no object");
  CHECK(read("{a:1}", "/a", true) == "no object");
  CHECK(read("{\"b\":1,'a':1}", "/a", true) == "no object");
}

TEST_CASE("one reading finds all fields and leaves nothing for the next text") {
  json_fields fields;
  std::vector<std::size_t> const numbers = {fields.add("/a"), fields.add("/a/b"), fields.add("/c"),
                                            fields.add("/a/b/0")};
  CHECK(fields.add("/c") == numbers[2]);
  auto const all = [&](std::string_view text) {
    std::string line;
    if (!fields.read(text, false)) return std::string("no object");
    for (auto const n : numbers) line += (line.empty() ? "" : ", ") + shown(fields[n]);
    return line;
  };
  CHECK(all(R"({"a":{"b":["\u0041"]},"c":"\u0042"})") == "nested, nested, = B, = A");
  CHECK(all("{}") == "absent, absent, absent, absent");
  CHECK(all(R"({"c":1,"c":2})") == "absent, absent, twice, absent");
  CHECK(all("nothing") == "no object");
  CHECK(all(R"({"c":1,"a":2})") == "= 2, absent, = 1, absent");
}

TEST_CASE("a pointer with a fault is told from one without") {
  using gw::route::pointer_fault;
  CHECK(pointer_fault("/a").empty());
  CHECK(pointer_fault("/").empty());
  CHECK(pointer_fault("/a~0~1/b").empty());
  CHECK(pointer_fault(repeat(64, "/a")).empty());
  CHECK(pointer_fault(repeat(65, "/a")) == "no message is nested as deep");
  CHECK(pointer_fault("a") == "a JSON Pointer begins with '/'");
  CHECK(pointer_fault("/a~") == "'~' is written '~0', and '/' in a name '~1'");
  CHECK(pointer_fault("/a~2") == "'~' is written '~0', and '/' in a name '~1'");
}
