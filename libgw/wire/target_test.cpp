#include "wire/target.hpp"

#include "testing/catch.hpp"

namespace gw::wire {
namespace {

void check(std::string_view target, std::string_view path) {
  INFO(target);
  auto const split = judge_target(target);
  REQUIRE(split.has_value());
  CHECK(split->path == path);
  auto const again = judge_target(encode_path(split->path));
  REQUIRE(again.has_value());
  CHECK(again->path == path);
}

void check_refused(std::string_view target) {
  INFO(target);
  auto const split = judge_target(target);
  REQUIRE_FALSE(split.has_value());
  CHECK(split.error().status == 400);
}

TEST_CASE("a target is its path and, behind the first question mark, its query") {
  auto const split = judge_target("/a%20b/../c?d=/../e?f%zz");
  REQUIRE(split.has_value());
  CHECK(split->path == "/c");
  CHECK(split->raw_path == "/a%20b/../c");
  CHECK(split->query == "d=/../e?f%zz");
  CHECK(judge_target("/a?")->query.empty());
  CHECK(judge_target("/a")->query.empty());
}

TEST_CASE("A31: a path is decoded once and its segments are resolved") {
  check("/", "/");
  check("/ws", "/ws");
  check("/ws/", "/ws/");
  check("/ws/../admin", "/admin");
  check("/ws/%2e%2e/admin", "/admin");
  check("/ws/.%2E/admin", "/admin");
  check("/ws/%252e%252e/admin", "/ws/%2e%2e/admin");
  check("/a%252fb", "/a%2fb");
  check("/a/./b", "/a/b");
  check("/a/.", "/a/");
  check("/a/b/..", "/a/");
  check("/a/..", "/");
  check("/.", "/");
  check("/a//b", "/a/b");
  check("/a///", "/a/");
  check("/a//../b", "/b");
  check("/ws;x", "/ws;x");
  check("/...", "/...");
  check("/.a/..b", "/.a/..b");
  check("/caf%C3%A9", "/caf\xC3\xA9");
  check("/%F0%9F%98%80", "/\xF0\x9F\x98\x80");
  check("/a%20%3F%23%25", "/a ?#%");
}

TEST_CASE("A31: what servers read in different ways is refused") {
  for (auto const* target : {"/%00",
                             "/a%00b",
                             "/%2f",
                             "/a%2Fb",
                             "/%5c",
                             "/a%5Cb",
                             "/a\\b",
                             "/..",
                             "/../a",
                             "/a/../../b",
                             "/%2e%2e",
                             "/%2e%2e/a",
                             "/ws/..;/admin",
                             "/ws/..;x=y/admin",
                             "/ws/%2e%2e;/admin",
                             "/.;/a",
                             "/%",
                             "/%2",
                             "/%zz",
                             "/%2g",
                             "/a%",
                             "/%u0041"}) {
    check_refused(target);
  }
}

TEST_CASE("A31: UTF-8 that is not valid in its shortest form is refused") {
  for (auto const* target : {"/%c0%af", "/%c0%ae%c0%ae", "/%e0%80%af", "/%f0%80%80%af", "/%ed%a0%80", "/%f4%90%80%80",
                             "/%ff", "/%80", "/%c3", "/%e2%82/x"}) {
    check_refused(target);
  }
}

TEST_CASE("A26: escaped control characters never become part of a path") {
  for (auto const* target : {"/a%0d%0aX:%20y", "/a%0A", "/a%09b", "/a%1b", "/a%7f", "/a%01"}) check_refused(target);
}

TEST_CASE("A30: a target that is not in origin-form is refused") {
  for (auto const* target :
       {"", "*", "host:443", "//evil", "//evil/../a", "http://a/", "/a b", "/a#b", "/caf\xC3\xA9", "/a\n"}) {
    check_refused(target);
  }
}

TEST_CASE("a path is written with everything escaped that may not stand in it") {
  CHECK(encode_path("/a-._~!$&'()*+,;=:@/") == "/a-._~!$&'()*+,;=:@/");
  CHECK(encode_path("/a ?#%\"<>[]\\^`{|}") == "/a%20%3F%23%25%22%3C%3E%5B%5D%5C%5E%60%7B%7C%7D");
  CHECK(encode_path("/\xC3\xA9\r\n") == "/%C3%A9%0D%0A");
}

TEST_CASE("a pattern matches whole segments") {
  auto const yes = [](std::string_view pattern, std::string_view path) {
    INFO(pattern << " " << path);
    CHECK(path_matches(pattern, path));
  };
  auto const no = [](std::string_view pattern, std::string_view path) {
    INFO(pattern << " " << path);
    CHECK_FALSE(path_matches(pattern, path));
  };
  yes("/ws", "/ws");
  no("/ws", "/ws/");
  no("/ws", "/WS");
  no("/ws", "/wsx");
  no("/wsx", "/ws");
  yes("/", "/");
  no("/", "/a");
  yes("/ws/**", "/ws");
  yes("/ws/**", "/ws/");
  yes("/ws/**", "/ws/a");
  yes("/ws/**", "/ws/a/b/c");
  no("/ws/**", "/wsx");
  no("/ws/**", "/");
  yes("/**", "/");
  yes("/**", "/a/b");
  yes("/*/ws", "/a/ws");
  no("/*/ws", "/a/b/ws");
  no("/*/ws", "/ws");
  no("/ws/*", "/ws/");
  no("/ws/*", "/ws");
  yes("/ws/*", "/ws/a");
  yes("/*/**", "/a");
  no("/*/**", "/");
  no("/a*", "/ab");
  no("", "/");
}

}  // namespace
}  // namespace gw::wire
