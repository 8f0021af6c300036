#include "wire/upgrade.hpp"

#include "testing/catch.hpp"

#include <algorithm>
#include <set>
#include <string>
#include <vector>

namespace gw::wire {
namespace {

using namespace std::string_literals;

constexpr int accepted = 0;

struct lines {
  std::string start = "GET /ws HTTP/1.1";
  std::string upgrade = "Upgrade: websocket\r\n";
  std::string connection = "Connection: Upgrade\r\n";
  std::string version = "Sec-WebSocket-Version: 13\r\n";
  std::string key = "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n";
  std::string more{};

  std::string text() const {
    return start + "\r\nHost: gw.example\r\n" + upgrade + connection + version + key + more + "\r\n";
  }
};

int status_of(std::string const& raw) {
  auto const head = judge_request(raw);
  if (!head) return head.error().status;
  auto const request = judge_upgrade(*head);
  return request ? accepted : request.error().status;
}

void check(lines const& request, int expected) {
  INFO(request.text());
  CHECK(status_of(request.text()) == expected);
}

TEST_CASE("a good handshake gives its key, protocols and origin") {
  std::string const raw = lines{.more =
                                    "Sec-WebSocket-Protocol: wsgw.v1, chat\r\nSec-WebSocket-Protocol: other\r\n"
                                    "Origin: https://gw.example\r\n"}
                              .text();
  auto const head = judge_request(raw);
  REQUIRE(head.has_value());
  auto const request = judge_upgrade(*head);
  REQUIRE(request.has_value());
  CHECK(request->key == "dGhlIHNhbXBsZSBub25jZQ==");
  CHECK(request->protocols == std::vector<std::string_view>{"wsgw.v1", "chat", "other"});
  CHECK(request->origin == "https://gw.example");
}

TEST_CASE("A1: only GET opens a WebSocket") {
  for (auto const* method : {"POST", "HEAD", "FROB", "get", "OPTIONS"}) {
    check({.start = method + " /ws HTTP/1.1"s}, 405);
  }
}

TEST_CASE("A2: a WebSocket needs HTTP/1.1") {
  check({.start = "GET /ws HTTP/1.0"}, 400);
  check({.start = "GET /ws HTTP/1.2"}, 505);
}

TEST_CASE("A3: Upgrade is exactly websocket, Connection lists upgrade, fields of one name are one list") {
  check({.upgrade = ""}, 426);
  check({.upgrade = "Upgrade: websocket, foo\r\n"}, 400);
  check({.upgrade = "Upgrade: websocket\r\nUpgrade: foo\r\n"}, 400);
  check({.upgrade = "Upgrade: websocket/13\r\n"}, 426);
  check({.upgrade = "Upgrade: WebSocket\r\n"}, accepted);
  check({.connection = ""}, 400);
  check({.connection = "Connection: keep-alive\r\n"}, 400);
  check({.connection = "Connection: xupgrade\r\n"}, 400);
  check({.connection = "Connection: keep-alive, UPGRADE\r\n"}, accepted);
  check({.connection = "Connection: keep-alive\r\nConnection: Upgrade\r\n"}, accepted);
}

TEST_CASE("A4: there is one key, the base64 of 16 bytes") {
  for (auto const* key :
       {"", "Sec-WebSocket-Key:\r\n", "Sec-WebSocket-Key: c2hvcnQ=\r\n",
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZTEy\r\n", "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=\r\n",
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZTE=\r\n", "Sec-WebSocket-Key: dGhlIHNhbXBs*SBub25jZQ==\r\n",
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"}) {
    check({.key = key}, 400);
  }
}

TEST_CASE("A5: the version is 13, once") {
  for (auto const* version :
       {"", "Sec-WebSocket-Version: 8\r\n", "Sec-WebSocket-Version: 99\r\n", "Sec-WebSocket-Version: 13, 8\r\n",
        "Sec-WebSocket-Version: 013\r\n", "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Version: 13\r\n",
        "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Version: 8\r\n"}) {
    check({.version = version}, 426);
  }
}

TEST_CASE("A7: an upgrade to something else is not a WebSocket") {
  for (auto const* protocol : {"h2c", "foo", "TLS/1.3"}) check({.upgrade = "Upgrade: "s + protocol + "\r\n"}, 426);
}

TEST_CASE("A9: a handshake has no body") {
  check({.more = "Content-Length: 0\r\n"}, accepted);
  check({.more = "Content-Length: 5\r\n"}, 400);
  check({.more = "Transfer-Encoding: chunked\r\n"}, 400);
}

TEST_CASE("A27: at most 16 different tokens are offered as subprotocols") {
  std::string names = "p0";
  for (int i = 1; i < 16; ++i) names += ",p" + std::to_string(i);
  check({.more = "Sec-WebSocket-Protocol: " + names + "\r\n"}, accepted);
  check({.more = "Sec-WebSocket-Protocol: " + names + ",p16\r\n"}, 400);
  std::string many = "p";
  for (int i = 0; i < 5'000; ++i) many += ",p";
  for (auto const& list : {""s, "a,,b"s, "a b"s, "a;b"s, "\"a\""s, "a, a"s, many}) {
    check({.more = "Sec-WebSocket-Protocol: " + list + "\r\n"}, 400);
  }
  check({.more = "Sec-WebSocket-Protocol: a\r\nSec-WebSocket-Protocol: a\r\n"}, 400);
  check({.more = "Sec-WebSocket-Protocol: a\rX: y\r\n"}, 400);
}

TEST_CASE("A28: extensions of any shape are left alone") {
  for (auto const* value :
       {"constructor", "\"unbalanced", "permessage-deflate; client_max_window_bits=99", ";;;,,,=", ""}) {
    check({.more = "Sec-WebSocket-Extensions: "s + value + "\r\n"}, accepted);
  }
}

TEST_CASE("A29: an expectation does not stall a handshake") {
  check({.more = "Expect: 100-continue\r\n"}, accepted);
}

TEST_CASE("A32: an Origin is neither empty nor given twice") {
  check({.more = "Origin:\r\n"}, 400);
  check({.more = "Origin: http://gw.example\r\nOrigin: http://evil.example\r\n"}, 400);
}

TEST_CASE("the accept key is the one of RFC 6455") {
  CHECK(accept_key("dGhlIHNhbXBsZSBub25jZQ==") == "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
}

TEST_CASE("keys are valid and differ") {
  std::set<std::string> keys;
  for (int i = 0; i < 100; ++i) {
    auto const key = make_key();
    check({.key = "Sec-WebSocket-Key: " + key + "\r\n"}, accepted);
    keys.insert(key);
  }
  CHECK(keys.size() == 100);
}

TEST_CASE("a request that is written is a handshake by our own judgement") {
  std::vector<std::string> const protocols = {"chat", "wsgw.v1"};
  std::vector<owned_field> const fields = {{"X-Request-Id", "r1"}, {"Cookie", "a=b; c=d"}};
  auto const raw = make_upgrade_request("/ws?a=b", "10.0.0.1:9000", "dGhlIHNhbXBsZSBub25jZQ==", protocols, fields);
  auto const head = judge_request(raw);
  REQUIRE(head.has_value());
  CHECK(head->target == "/ws?a=b");
  CHECK(head->get("host") == "10.0.0.1:9000");
  CHECK(head->get("cookie") == "a=b; c=d");
  CHECK(head->count("sec-websocket-extensions") == 0);
  auto const request = judge_upgrade(*head);
  REQUIRE(request.has_value());
  CHECK(request->protocols == std::vector<std::string_view>{"chat", "wsgw.v1"});
  CHECK(make_upgrade_request("/", "a", "k", {}, {}).find("Protocol") == std::string::npos);
}

TEST_CASE("A26 and D4: a handshake that could be split is not written at all") {
  std::vector<owned_field> const split = {{"Cookie", "a=b\r\nX-Wsgw-User: root"}};
  std::vector<owned_field> const nul = {{"Cookie", "a\0b"s}};
  std::vector<std::string> const protocol = {"a\r\nX: y"};
  CHECK(make_upgrade_request("/ws", "a", "k", {}, split).empty());
  CHECK(make_upgrade_request("/ws", "a", "k", {}, nul).empty());
  CHECK(make_upgrade_request("/ws", "a", "k", protocol, {}).empty());
  CHECK(make_upgrade_request("/ws", "a\r\nX: y", "k", {}, {}).empty());
  CHECK(make_upgrade_request("/ws", "a", "k\n", {}, {}).empty());
  for (auto const* target : {"", "ws", "/a b", "/a\r\nX: y", "/a HTTP/1.1\r\nX: y\r\n\r\n", "/a#b", "/caf\xC3\xA9"}) {
    CHECK(make_upgrade_request(target, "a", "k", {}, {}).empty());
  }
  CHECK(make_upgrade_response("a\r\n", "").empty());
  CHECK(make_upgrade_response("a", "chat\r\nX: y").empty());
}

/// An upstream's answer to the key of RFC 6455; `chat` was offered.
void check_response(std::string const& raw, bool good) {
  INFO(raw);
  std::vector<std::string> const offered = {"chat"};
  auto const head = judge_response(raw);
  REQUIRE(head.has_value());
  auto const verdict = judge_upgrade_response(*head, "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=", offered);
  CHECK(verdict.has_value() == good);
  if (!verdict) CHECK(verdict.error().status == 502);
}

std::string const good_101 =
    "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n";

std::string replaced(std::string_view what, std::string_view by) {
  std::string out = good_101;
  return out.replace(out.find(what), what.size(), by) + "\r\n";
}

TEST_CASE("the response that we write is the one that we accept") {
  check_response(make_upgrade_response("s3pPLMBiTxaQ9kYGzzhZRbK+xOo=", ""), true);
  check_response(make_upgrade_response("s3pPLMBiTxaQ9kYGzzhZRbK+xOo=", "chat"), true);
  CHECK(make_upgrade_response("s3pPLMBiTxaQ9kYGzzhZRbK+xOo=", "") == good_101 + "\r\n");
  CHECK(make_upgrade_response("s3pPLMBiTxaQ9kYGzzhZRbK+xOo=", "", "", "a=1") == good_101 + "Set-Cookie: a=1\r\n\r\n");
  CHECK(make_upgrade_response("s3pPLMBiTxaQ9kYGzzhZRbK+xOo=", "", "", "a=1\r\nX: y").empty());
}

TEST_CASE("E3: an answer other than 101 is no handshake") {
  for (auto const* status : {"100 Continue", "200 OK", "302 Found", "401 Unauthorized", "500 Oops", "503 Busy"}) {
    check_response(replaced("101 Switching Protocols", status), false);
  }
}

TEST_CASE("E4: a 101 has the right accept key, Upgrade and Connection and nothing that was not offered") {
  check_response(good_101 + "\r\n", true);
  check_response(good_101 + "Sec-WebSocket-Protocol: chat\r\n\r\n", true);
  check_response(replaced("Upgrade: websocket", "upgrade: WebSocket"), true);
  check_response(replaced("HTTP/1.1", "HTTP/1.0"), false);
  check_response(replaced("s3pP", "S3pP"), false);
  check_response(replaced("Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n", ""), false);
  check_response(good_101 + "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n", false);
  check_response(replaced("Upgrade: websocket\r\n", ""), false);
  check_response(replaced("Upgrade: websocket", "Upgrade: h2c"), false);
  check_response(replaced("Connection: Upgrade", "Connection: close"), false);
  check_response(good_101 + "Sec-WebSocket-Extensions: permessage-deflate\r\n\r\n", false);
  check_response(good_101 + "Sec-WebSocket-Protocol: other\r\n\r\n", false);
  check_response(good_101 + "Sec-WebSocket-Protocol: CHAT\r\n\r\n", false);
  check_response(good_101 + "Sec-WebSocket-Protocol:\r\n\r\n", false);
  check_response(good_101 + "Sec-WebSocket-Protocol: chat\r\nSec-WebSocket-Protocol: chat\r\n\r\n", false);
}

}  // namespace
}  // namespace gw::wire
