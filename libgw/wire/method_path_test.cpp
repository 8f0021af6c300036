#include "wire/method_path.hpp"

#include "testing/catch.hpp"

#include <string>
#include <string_view>

namespace gw::wire {
namespace {

void check(std::string_view method, path_verdict verdict) {
  INFO(method);
  CHECK(judge_method(method) == verdict);
}

TEST_CASE("what stands in a path is opaque") {
  for (std::string_view const method : {
           "/api/v1/chat/send",
           "",
           "/",
           "//",
           "/a//b",
           "/a b",
           "/a;b?c=d#e",
           "/a%2fb",
           "/a%20b",
           "/a%",
           "/a%2",
           "/a%zz",
           "/a.b",
           "/.a",
           "/a.",
           "/..a",
           "/a..",
           "/...",
           "/a/.../b",
           "/%2ea",
           "/%252e%252e/",
           "/%255c",
           "/\u4e2d\u6587",
           "/\u202e\u200b",
           "/\u0430",
           "$gw/ping",
           "hello",
           "/a%C3%A9",
           "/\u00a0",
           "/%c2%a0",
           "/~:@!$&'()*+,=|{}\"<>",
       }) {
    check(method, path_verdict::ok);
  }
}

TEST_CASE("dot segments are bad, also in percent form") {
  for (std::string_view const method : {
           ".",
           "..",
           "/.",
           "/..",
           "./a",
           "../a",
           "/a/..",
           "/a/.",
           "/a/../b",
           "/a/./b",
           "/api/v1/../admin",
           "/%2e%2e/a",
           "/%2E%2e/a",
           "/.%2e/a",
           "/%2E./a",
           "/a/%2e",
           "/a/%2e/b",
           "%2e%2e",
           "/a%2f..%2fb",
           "/a%2F%2e%2e",
           "/..%2fb",
           "/a?b=/../c",
       }) {
    check(method, path_verdict::bad);
  }
}

TEST_CASE("backslashes and control characters are bad, also in percent form") {
  for (std::string_view const method : {
           std::string_view{"/a\\b"},
           std::string_view{"/a%5cb"},
           std::string_view{"/a%5Cb"},
           std::string_view{"/a\nb"},
           std::string_view{"/a\tb"},
           std::string_view{"/a\0b", 4},
           std::string_view{"/a\x7f"},
           std::string_view{"/a\x1f"},
           std::string_view{"/a%00"},
           std::string_view{"/a%0d%0ab"},
           std::string_view{"/a%1F"},
           std::string_view{"/a%7f"},
           std::string_view{"/a\u0085"},
           std::string_view{"/a\u009f"},
           std::string_view{"/a%c2%85"},
       }) {
    check(method, path_verdict::bad);
  }
}

TEST_CASE("a method holds at most 1 KiB") {
  check(std::string(1024, 'a'), path_verdict::ok);
  check(std::string(1025, 'a'), path_verdict::bad);
}

TEST_CASE("service names come from their alphabet") {
  for (std::string_view const name : {"a", "A", "0", "chat", "a.b-c_d", "a.", "9-", "a-", "a_."}) {
    INFO(name);
    CHECK(is_service_name(name));
  }
  CHECK(is_service_name(std::string(63, 'a')));
  CHECK_FALSE(is_service_name(std::string(64, 'a')));
  for (std::string_view const name : {"", ".", "-a", "_a", ".a", "a..b", "..", "a/b", "a b", "a@b", "127.0.0.1:22",
                                      "a%00", "caf\u00e9", "\u0430", "a\n", "a\\b", "[::1]"}) {
    INFO(name);
    CHECK_FALSE(is_service_name(name));
  }
  CHECK_FALSE(is_service_name(std::string_view{"a\0", 2}));
}

}  // namespace
}  // namespace gw::wire
