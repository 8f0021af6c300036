#include "wire/http_text.hpp"

#include "testing/catch.hpp"

#include <nlohmann/json.hpp>

#include <vector>

namespace gw::wire {
namespace {

using namespace std::string_literals;

TEST_CASE("A26: a field that could split a head is never written") {
  for (auto const& value : {"a\rb"s, "a\nb"s, "a\r\nX: y"s, "a\0b"s, "\x7F"s, "\x1B[0m"s}) {
    std::string head = "before";
    CHECK_FALSE(append_field(head, "X-A", value).has_value());
    CHECK(head == "before");
  }
  for (auto const& name : {""s, "X A"s, "X:"s, "X\r\nY"s, "X\0"s, "\xC3\xA9"s}) {
    std::string head;
    CHECK_FALSE(append_field(head, name, "a").has_value());
    CHECK(head.empty());
  }
  std::string head;
  REQUIRE(append_field(head, "X-A", "tab\tand \xC3\xA9").has_value());
  CHECK(head == "X-A: tab\tand \xC3\xA9\r\n");
}

TEST_CASE("an answer has a length and says whether the connection stays") {
  std::vector<owned_field> const extra = {{"X-A", "b"}};
  CHECK(make_response(200, extra, "text/plain", "hello", true) ==
        "HTTP/1.1 200 OK\r\nX-A: b\r\nContent-Type: text/plain\r\nContent-Length: 5\r\nConnection: "
        "keep-alive\r\n\r\nhello");
  CHECK(make_response(404, {}, "", "", false) ==
        "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
  CHECK(make_response(299, {}, "", "", false).starts_with("HTTP/1.1 299 Unknown\r\n"));
}

TEST_CASE("A26: an answer with a field that is refused becomes a bare 500") {
  std::string const refused = "HTTP/1.1 500 Internal Server Error\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
  std::vector<owned_field> const extra = {{"X-A", "b\r\nSet-Cookie: c"}};
  CHECK(make_response(200, extra, "text/plain", "hello", true) == refused);
  CHECK(make_response(200, {}, "text/plain\r\nX: y", "hello", true) == refused);
}

struct answer {
  std::string bytes;
  response_head head;
  nlohmann::json body;
};

answer read(std::string bytes) {
  answer out{std::move(bytes), {}, {}};
  auto const end = find_head_end(out.bytes, 0);
  auto const head = judge_response(std::string_view(out.bytes).substr(0, end));
  REQUIRE(head.has_value());
  out.head = *head;
  out.body = nlohmann::json::parse(out.bytes.substr(end));
  CHECK(head->get("content-length") == std::to_string(out.bytes.size() - end));
  return out;
}

TEST_CASE("a problem is told as RFC 9457 has it") {
  auto const told = read(make_problem(problem{
      .status = 503, .code = "NO_INSTANCE", .detail = "no \"chat\"\r\n\xFF", .retry_after = std::chrono::seconds(7)}));
  CHECK(told.head.status == 503);
  CHECK(told.head.get("content-type") == "application/problem+json");
  CHECK(told.head.get("retry-after") == "7");
  CHECK(told.head.get("connection") == "close");
  CHECK(told.body == nlohmann::json{{"type", "about:blank"},
                                    {"title", "Service Unavailable"},
                                    {"status", 503},
                                    {"detail", "no \"chat\"\r\n\xEF\xBF\xBD"},
                                    {"code", "NO_INSTANCE"}});
}

TEST_CASE("A1: a 405 says what is allowed") {
  auto const told = read(make_problem(head_fault{405, "a WebSocket is opened with GET"}));
  CHECK(told.head.get("allow") == "GET");
  CHECK(read(make_problem({.status = 405, .allow = "GET, HEAD"})).head.get("allow") == "GET, HEAD");
  CHECK(told.body["code"] == "BAD_HANDSHAKE");
  CHECK(told.body["detail"] == "a WebSocket is opened with GET");
}

TEST_CASE("A5: a 426 says which version is spoken") {
  auto const told = read(make_problem(head_fault{426, "the WebSocket version must be 13"}));
  CHECK(told.head.get("sec-websocket-version") == "13");
  CHECK(told.head.get("upgrade") == "websocket");
  CHECK(told.head.has_token("connection", "upgrade"));
  CHECK(told.head.has_token("connection", "close"));
}

TEST_CASE("a problem carries the fields it is given and may keep the connection") {
  std::vector<owned_field> const extra = {{"WWW-Authenticate", "Bearer"}};
  auto const told = read(make_problem(
      problem{.status = 401, .code = "UNAUTHENTICATED", .detail = "", .keep_alive = true, .extra = extra}));
  CHECK(told.head.get("www-authenticate") == "Bearer");
  CHECK(told.head.get("connection") == "keep-alive");
  CHECK(told.head.count("retry-after") == 0);
}

TEST_CASE("every status that a fault can have has a reason phrase") {
  for (int const status : {400, 405, 414, 426, 431, 501, 502, 505}) CHECK(reason_phrase(status) != "Unknown");
}

}  // namespace
}  // namespace gw::wire
