#include "tools/reply_template.hpp"

#include "testing/catch.hpp"

using namespace gw::tools;

namespace {

void check(std::string_view written, std::string_view message, std::string_view expected) {
  CAPTURE(written, message);
  reply_template const reply(written);
  CHECK(reply.text() == written);
  CHECK(reply.fill({.service = "order", .instance = "order-2", .n = 7}, "/a?b", message) == expected);
}

}  // namespace

TEST_CASE("The blanks of a reply are filled in from who answers and from the message") {
  check("", "x", "");
  check("fixed", "x", "fixed");
  check("{service} {instance} {n} {path}", "x", "order order-2 7 /a?b");
  check(R"({"id":{/id},"who":"{instance}"})", R"({"id":5})", R"({"id":5,"who":"order-2"})");
  check("{/data/list/1} {/data} {/a~1b}", R"({"data":{"list":[1,"two"]},"a/b":true})",
        R"("two" {"list":[1,"two"]} true)");
}

TEST_CASE("Braces that are no blanks stand for themselves") {
  check("{", "", "{");
  check("{}", "", "{}");
  check("{{n}}", "", "{7}");
  check("{nobody} {N} { n } {n", "", "{nobody} {N} { n } {n");
  check("{/~2}", "{}", "{/~2}");
}

TEST_CASE("A pointer that finds nothing becomes null") {
  check("{/id}", "not json", "null");
  check("{/id}", "{}", "null");
  check("{/0}", R"({"a":1})", "null");
  check("{/a/b/c}", R"({"a":{"b":1}})", "null");
  check("{/a/-}", R"({"a":[1]})", "null");
  check("{/a/01}", R"({"a":[1,2]})", "null");
  check("{/a/x}", R"({"a":[1,2]})", "null");
}

TEST_CASE("A message that nests without end is answered without harm") {
  check("{/n}", R"({"d":)" + std::string(200'000, '[') + std::string(200'000, ']') + R"(,"n":1})", "1");
}
