#include "route/pattern.hpp"

#include "testing/catch.hpp"

#include <utility>

namespace {

using gw::text_fault;
using gw::route::captures;
using gw::route::pattern;

pattern compiled(std::string_view source) {
  auto result = pattern::compile(source);
  REQUIRE(std::holds_alternative<pattern>(result));
  return std::get<pattern>(std::move(result));
}

/// "version=1 service=order", or "no".
std::string matched(std::string_view source, std::string_view text) {
  auto const p = compiled(source);
  captures found;
  if (!p.match(text, found)) return "no";
  std::string shown;
  for (auto const& [name, value] : found) {
    shown += (shown.empty() ? "" : " ") + std::string(name) + "=" + std::string(value);
  }
  return shown;
}

}  // namespace

TEST_CASE("the usual pattern captures version, service and path") {
  auto const check = [](std::string_view text, std::string_view expected) {
    CAPTURE(text);
    CHECK(matched("/api/v{version}/{service}/{path:**}", text) == expected);
  };
  check("/api/v1/order/create", "version=1 service=order path=create");
  check("/api/v12/order/a/b//c", "version=12 service=order path=a/b//c");
  check("/api/v1/order/", "version=1 service=order path=");
  check("/api/v1/order", "no");
  check("/api/v/order/x", "no");
  check("/api/v1//x", "no");
  check("/api/1/order/x", "no");
  check("/Api/v1/order/x", "no");
  check("api/v1/order/x", "no");
  check("", "no");
  check("/", "no");
}

TEST_CASE("a pattern may have captures and text in one segment") {
  auto const check = [](std::string_view source, std::string_view text, std::string_view expected) {
    CAPTURE(source, text);
    CHECK(matched(source, text) == expected);
  };
  check("/ws", "/ws", "");
  check("/ws", "/ws/", "no");
  check("/ws", "/wss", "no");
  check("/{a}", "/x", "a=x");
  check("/{a}", "/", "no");
  check("/{a}", "/x/", "no");
  check("/{a}/", "/x/", "a=x");
  check("/{file}.json", "/a.json.json", "file=a.json");
  check("/{file}.json", "/.json", "no");
  check("/{file}.json/{rest:**}", "/a.json/b.json", "file=a rest=b.json");
  check("/{a}-{b}", "/x-y-z", "a=x b=y-z");
  check("/{a}-{b}", "/-y", "no");
  check("/{a}-{b}", "/x-", "no");
  check("/{a}-{b}/c", "/x/y-z/c", "no");
  check("/p{a:**}", "/p", "a=");
  check("/p{a:**}", "/pq/r", "a=q/r");
}

TEST_CASE("a pattern that cannot be is refused with its place") {
  auto const check = [](std::string_view source, std::size_t at, std::string_view text) {
    CAPTURE(source);
    auto const result = pattern::compile(source);
    REQUIRE(std::holds_alternative<text_fault>(result));
    CHECK(std::get<text_fault>(result).at == at);
    CHECK(std::get<text_fault>(result).text == text);
  };
  check("", 0, "a pattern begins with '/'");
  check("api", 0, "a pattern begins with '/'");
  check("/{a", 1, "'{' without '}'");
  check("/a}", 2, "'}' without '{'");
  check("/a/*", 3, "'*' stands in a capture only; write {path:**}");
  check("/{}", 2, "'' is not a name; write [a-z_][a-z0-9_]*");
  check("/{A}", 2, "'A' is not a name; write [a-z_][a-z0-9_]*");
  check("/{1}", 2, "'1' is not a name; write [a-z_][a-z0-9_]*");
  check("/{a:*}", 3, "only ':**' may stand behind the name");
  check("/{a:**}/b", 7, "nothing may stand behind a capture with ':**'");
  check("/{a}{b}", 4, "two captures need text between them");
  check("/{a}/{a}", 6, "'a' is captured twice");
  check("/{a}/{b}/{c}/{d}/{e}/{f}/{g}/{h}/{i}", 33, "more than 8 captures");
}

TEST_CASE("captures stay valid when the pattern moves") {
  auto first = compiled("/{a}");
  auto const second = std::move(first);
  captures found;
  REQUIRE(second.match("/x", found));
  CHECK(found["a"] == "x");
  CHECK(found["b"].empty());
  CHECK(second.has_capture("a"));
  CHECK_FALSE(second.has_capture("b"));
  CHECK(second.source() == "/{a}");
}
