#include "wire/header_rules.hpp"

#include "testing/catch.hpp"
#include "wire/upgrade.hpp"

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

namespace gw::wire {
namespace {

using patterns = std::vector<std::string>;

std::string const valid_parent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
std::string const own_parent = "00-11111111111111111111111111111111-2222222222222222-01";

struct question {
  std::string fields;
  patterns rules = {"*"};
  bool trusted = false;
};

std::string answer(question const& asked) {
  std::string const raw = "GET /ws HTTP/1.1\r\nHost: gw.example\r\n" + asked.fields + "\r\n";
  auto const head = judge_request(raw);
  REQUIRE(head.has_value());
  forwarding const facts{.client_ip = "192.0.2.7",
                         .proto = "https",
                         .request_id = "own-id",
                         .traceparent = own_parent,
                         .peer_is_trusted = asked.trusted};
  std::string out;
  for (auto const& [name, value] : upstream_headers(*head, forward_rules(asked.rules), facts)) {
    REQUIRE(append_field(out, name, value).has_value());
  }
  return out;
}

std::string const own =
    "X-Forwarded-For: 192.0.2.7\r\nX-Forwarded-Proto: https\r\nX-Forwarded-Host: gw.example\r\nX-Request-Id: own-id\r\n"
    "traceparent: " +
    own_parent + "\r\n";

/// `forwarded` is what is left of the client's fields, before the gateway's own.
void check(question const& asked, std::string const& forwarded) {
  INFO(asked.fields);
  CHECK(answer(asked) == forwarded + own);
}

void check_has(question const& asked, std::string const& line, bool expected) {
  INFO(asked.fields);
  CHECK((("\r\n" + answer(asked)).find("\r\n" + line + "\r\n") != std::string::npos) == expected);
}

TEST_CASE("end-to-end fields are forwarded in order, repeated ones too") {
  check({"Cookie: a=b\r\nAuthorization: Bearer t\r\nCookie: c=d\r\nAccept-Language: de\r\nVia: 1.1 x\r\n"},
        "Cookie: a=b\r\nAuthorization: Bearer t\r\nCookie: c=d\r\nAccept-Language: de\r\nVia: 1.1 x\r\n");
}

TEST_CASE("hop-by-hop fields and those of the handshake are not forwarded") {
  check({"Connection: Upgrade\r\nUpgrade: websocket\r\nKeep-Alive: timeout=5\r\nProxy-Authorization: Basic x\r\n"
         "Proxy-Connection: close\r\nTE: trailers\r\nTrailer: X\r\nContent-Length: 0\r\nExpect: 100-continue\r\n"
         "HTTP2-Settings: AAM\r\nSec-WebSocket-Key: k\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Protocol: p\r\n"
         "Sec-WebSocket-Extensions: e\r\n"},
        "");
  check({"Transfer-Encoding: chunked\r\n"}, "");
}

TEST_CASE("A24: the client's copies of gateway and identity fields are not forwarded") {
  check({"X-Forwarded-For: 1.2.3.4\r\nX-FORWARDED-Proto: http\r\nX-Forwarded-Host: evil\r\nX-Forwarded-Prefix: /x\r\n"
         "X-Forwarded-Port: 1\r\nForwarded: for=1.2.3.4\r\nX-Real-IP: 1.2.3.4\r\nX-User: root\r\nX-User-Id: 1\r\n"
         "X-Wsgw-User: root\r\nx-wsgw-anything: 1\r\n"},
        "");
  check({"X_Forwarded_For: 1.2.3.4\r\nX-Wsgw_User: root\r\nx_user_id: 1\r\nX_Real_IP: 1\r\n"}, "");
  check({"X-Username: a\r\nX-Forward: b\r\n"}, "X-Username: a\r\nX-Forward: b\r\n");
}

TEST_CASE("A24: a trusted proxy's word on the client is kept and continued, identity is not") {
  question const asked{.fields =
                           "X-Forwarded-For: 1.2.3.4\r\nX-Forwarded-For: 5.6.7.8\r\nX-Forwarded-Proto: http\r\n"
                           "X-Forwarded-Host: public.example\r\nX-Forwarded-Port: 80\r\nForwarded: for=1.2.3.4\r\n"
                           "X-User-Id: 1\r\nX-Wsgw-User: root\r\n",
                       .trusted = true};
  CHECK(answer(asked) ==
        "X-Forwarded-Port: 80\r\nForwarded: for=1.2.3.4\r\nX-Forwarded-For: 1.2.3.4, 5.6.7.8, 192.0.2.7\r\n"
        "X-Forwarded-Proto: http\r\nX-Forwarded-Host: public.example\r\nX-Request-Id: own-id\r\ntraceparent: " +
            own_parent + "\r\n");
  check({.fields = "", .trusted = true}, "");
}

TEST_CASE("A25: Connection strips the client's own fields, never the gateway's") {
  check({"Connection: X-User-Id, Authorization, X-Forwarded-For, X-Request-Id, traceparent\r\nAuthorization: t\r\n"
         "X-User-Id: 1\r\nX-Request-Id: theirs\r\ntraceparent: " +
         valid_parent + "\r\n"},
        "");
  check({"Connection: cookie\r\nConnection: X-A\r\nCookie: a\r\nx-a: 1\r\nX-B: 2\r\n"}, "X-B: 2\r\n");
}

TEST_CASE("rules choose among the end-to-end fields, the last match decides") {
  std::string const fields = "Cookie: a\r\nX-One: 1\r\nX-Two: 2\r\n";
  check({.fields = fields, .rules = {"*", "!cookie"}}, "X-One: 1\r\nX-Two: 2\r\n");
  check({.fields = fields, .rules = {"!cookie", "*"}}, fields);
  check({.fields = fields, .rules = {"x-*", "!*-TWO"}}, "X-One: 1\r\n");
  check({.fields = fields, .rules = {"*", "!x-*", "x-two"}}, "Cookie: a\r\nX-Two: 2\r\n");
  check({.fields = fields, .rules = {}}, "");
  check({.fields = fields, .rules = {"!cookie"}}, "");
  check({.fields = "X-User-Id: 1\r\nConnection: close\r\n", .rules = {"x-user-id", "connection"}}, "");
}

TEST_CASE("a star in a rule is any run of characters") {
  auto const matches = [](std::string const& glob, std::string_view name) {
    return forward_rules(patterns{glob}).allows(name);
  };
  CHECK(matches("a*c", "abbc"));
  CHECK(matches("a*c", "ac"));
  CHECK(matches("*a*b*", "xxaYYbzz"));
  CHECK(matches("a*bc", "abcbc"));
  CHECK(matches("A", "a"));
  CHECK(matches("a**", "a"));
  CHECK_FALSE(matches("a*c", "abcd"));
  CHECK_FALSE(matches("a", "ab"));
  CHECK_FALSE(matches("ab", "a"));
  CHECK_FALSE(matches("", "a"));
}

TEST_CASE("a sane request id of the client is kept, any other is replaced") {
  check_has({"X-Request-Id: abc-123_~\r\n"}, "X-Request-Id: abc-123_~", true);
  check_has({"X-Request-Id: " + std::string(128, 'a') + "\r\n"}, "X-Request-Id: " + std::string(128, 'a'), true);
  for (auto const& line :
       {"X-Request-Id: " + std::string(129, 'a'), std::string("X-Request-Id:"), std::string("X-Request-Id: a b"),
        std::string("X-Request-Id: a\"b"), std::string("X-Request-Id: a\r\nX-Request-Id: a")}) {
    check({line + "\r\n"}, "");
  }
}

TEST_CASE("a valid traceparent of the client is kept with its tracestate, any other is replaced without") {
  check_has({"traceparent: " + valid_parent + "\r\ntracestate: a=b\r\n"}, "traceparent: " + valid_parent, true);
  check_has({"traceparent: " + valid_parent + "\r\ntracestate: a=b\r\n"}, "tracestate: a=b", true);
  check_has({"traceparent: 01" + valid_parent.substr(2) + "-more\r\n"},
            "traceparent: 01" + valid_parent.substr(2) + "-more", true);
  for (std::string const& broken :
       {std::string(), "ff" + valid_parent.substr(2), valid_parent + "-more", valid_parent + "0",
        valid_parent.substr(1), "0g" + valid_parent.substr(2), "00-" + std::string(32, '0') + valid_parent.substr(35),
        valid_parent.substr(0, 36) + std::string(16, '0') + "-01", "00-0AF7" + valid_parent.substr(7),
        "01" + valid_parent.substr(2) + "x", valid_parent + "\r\ntraceparent: " + valid_parent}) {
    check({"traceparent: " + broken + "\r\ntracestate: a=b\r\n"}, "");
  }
}

TEST_CASE("without a known id and trace fresh ones are made") {
  std::string const raw = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";
  auto const head = judge_request(raw);
  REQUIRE(head.has_value());
  auto const first = upstream_headers(*head, forward_rules(patterns{"*"}), {.client_ip = "::1", .proto = "http"});
  auto const second = upstream_headers(*head, forward_rules(patterns{"*"}), {.client_ip = "::1", .proto = "http"});
  REQUIRE(first.size() == 5);
  CHECK(first[3].value.size() == 32);
  CHECK(first[3] != second[3]);
  CHECK(first[4] != second[4]);
  check_has({"traceparent: " + first[4].value + "\r\n"}, "traceparent: " + first[4].value, true);
}

TEST_CASE("D4: what a client puts into its fields reaches the upstream whole or not at all") {
  std::string const cookie = "a=" + std::string(16'000, ';');
  std::string const raw = "GET / HTTP/1.1\r\nHost: a\r\nCookie: " + cookie + "\r\n\r\n";
  auto const head = judge_request(raw);
  REQUIRE(head.has_value());
  auto const fields = upstream_headers(*head, forward_rules(patterns{"*"}), {.client_ip = "::1", .proto = "http"});
  auto const written = make_upgrade_request("/", "b", make_key(), {}, fields);
  auto const upstream = judge_request(written);
  REQUIRE(upstream.has_value());
  CHECK(upstream->get("cookie") == cookie);
  CHECK(upstream->count("host") == 1);
  CHECK(upstream->get("host") == "b");
}

}  // namespace
}  // namespace gw::wire
