#include "wire/correlation.hpp"

#include "testing/catch.hpp"

#include <string>
#include <string_view>

namespace gw::wire {
namespace {

void check_id(std::string const& text, std::string const& token) {
  INFO(text.substr(0, 200));
  CHECK(find_correlation(text).id == token);
}

TEST_CASE("the three keys are found at top level in any order") {
  auto const found = find_correlation(
      R"({"websocketTag":"a17","data":{"id":1,"requestId":2},"requestId":-1.5e3,"method":"/a","id":42})");
  CHECK(found.id == "42");
  CHECK(found.request_id == "-1.5e3");
  CHECK(found.websocket_tag == R"("a17")");
  auto const none = find_correlation(R"({"data":{"id":1,"requestId":2,"websocketTag":3},"x":"\"id\":4"})");
  CHECK(none.id.empty());
  CHECK(none.request_id.empty());
  CHECK(none.websocket_tag.empty());
}

TEST_CASE("only numbers and strings of at most 256 bytes are taken") {
  check_id(R"({"id":"x"})", R"("x")");
  check_id(R"({"id":""})", R"("")");
  check_id(R"({"id":"a\"b\\"})", R"("a\"b\\")");
  check_id(R"({"\u0069d" : 7 })", "7");
  check_id(R"({"id":null})", "");
  check_id(R"({"id":true})", "");
  check_id(R"({"id":[1]})", "");
  check_id(R"({"id":{"id":1}})", "");
  check_id(R"({"id":01})", "");
  check_id(R"({"id":"\x"})", "");
  check_id("{\"id\":\"\n\"}", "");
  check_id("{\"id\":\"\xFF\"}", "");
  check_id(R"({"id":")" + std::string(256, 'x') + "\"}", "\"" + std::string(256, 'x') + "\"");
  check_id(R"({"id":")" + std::string(257, 'x') + "\"}", "");
  check_id(R"({"id":)" + std::string(256, '1') + "}", std::string(256, '1'));
  check_id(R"({"id":)" + std::string(257, '1') + "}", "");
}

TEST_CASE("what stands before a fault is taken and nothing behind it") {
  check_id("", "");
  check_id("{", "");
  check_id("[1]", "");
  check_id(R"({"id":7,"x":[}})", "7");
  check_id(R"({"x":[},"id":7})", "");
  check_id(R"({"id":7 "x")", "7");
  check_id(R"({"id":7)", "");
  check_id(R"({"id":"ab)", "");
  check_id(R"({"id":)", "");
  check_id(R"({"id":1,"id":2})", "1");
}

TEST_CASE("the keys must begin within the first 16 KiB") {
  auto const at = [](std::size_t offset) {
    std::string const before = R"({"x":")";
    std::string const after = R"(","id":)";
    return before + std::string(offset - before.size() - after.size(), 'x') + after + "\"abcdef\"}";
  };
  check_id(at(16 * 1024 - 1), R"("abcdef")");
  check_id(at(16 * 1024), "");
}

TEST_CASE("tokens of lenient texts are quoted anew") {
  auto const found = find_correlation(R"({'id':'a"b\'c\\\n\"','requestId':"it's",websocketTag:7})");
  CHECK(as_json(found.id) == R"("a\"b'c\\\n\"")");
  CHECK(as_json(found.request_id) == R"("it's")");
  CHECK(as_json(found.websocket_tag) == "7");
  check_id(R"({'id':'\x'})", "");
  check_id(R"({"id":'x'})", "");
  check_id(R"({'id':')" + std::string(129, '"') + "'}", "");
}

}  // namespace
}  // namespace gw::wire
