#include "net/beast_judge.hpp"

#include "testing/catch.hpp"
#include "wire/strict_head.hpp"
#include "wire/upgrade.hpp"

#include <string>

namespace gw::net {
namespace {

TEST_CASE("the second parser agrees with good heads, also with long ones and announced bodies") {
  CHECK(beast_agrees_request("GET /ws?a=b HTTP/1.1\r\nHost: a\r\nConnection: keep-alive, Upgrade\r\n\r\n").has_value());
  CHECK(beast_agrees_request("GET / HTTP/1.0\r\n\r\n").has_value());
  CHECK(beast_agrees_request("GET / HTTP/1.1\r\nHost: a\r\nCookie: " + std::string(30'000, 'a') + "\r\n\r\n")
            .has_value());
  CHECK(beast_agrees_request("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9999999999999999999\r\n\r\n").has_value());
  CHECK(beast_agrees_request("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n").has_value());
  CHECK(beast_agrees_response("HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\n").has_value());
  CHECK(beast_agrees_response("HTTP/1.1 200 \r\nContent-Length: 5\r\n\r\n").has_value());
  CHECK(beast_agrees_response("HTTP/1.0 200 OK\r\n\r\n").has_value());
}

TEST_CASE("the second parser's refusal names whose head it was") {
  auto const request = beast_agrees_request("GET / HTTP/1.1\r\nHost : a\r\n\r\n");
  REQUIRE_FALSE(request.has_value());
  CHECK(request.error().code == errc::bad_handshake);
  CHECK(request.error().at == side::client);
  CHECK(request.error().cause);
  auto const response = beast_agrees_response("HTTP/1.1 200 OK\nA: b\r\n\r\n");
  REQUIRE_FALSE(response.has_value());
  CHECK(response.error().at == side::upstream);
}

TEST_CASE("the second parser takes one whole head and nothing behind it") {
  CHECK_FALSE(beast_agrees_request("").has_value());
  CHECK_FALSE(beast_agrees_request("GET / HTTP/1.1\r\nHost: a\r\n").has_value());
  CHECK_FALSE(beast_agrees_request("GET / HTTP/1.1\r\nHost: a\r\n\r\nGET").has_value());
  CHECK_FALSE(beast_agrees_response("HTTP/1.1 200 OK\r\n\r\nbody").has_value());
}

/// Why the raw head is judged first: the second parser alone lets these pass.
void check_only_strict_refuses(std::string const& raw) {
  INFO(raw);
  CHECK(beast_agrees_request(raw).has_value());
  CHECK_FALSE(wire::judge_request(raw).has_value());
}

TEST_CASE("A10 to A18: what Beast 1.81 lets pass is refused by the strict judgement") {
  for (auto const* fields :
       {"Host: a\r\nTransfer-Encoding: gzip\r\nContent-Length: 5\r\n",
        "Host: a\r\nTransfer-Encoding: chunked, identity\r\n", "Host: a\r\nTransfer-Encoding: gzip\r\n",
        "Host: a\r\nTransfer-Encoding: gzip, chunked\r\n", "Host: a\r\nHost: b\r\n", "", "Host: a\r\nX-A: 1\r\n 2\r\n",
        "Host: a b\r\n", "Host: a\r\nContent-Length: 5, 5\r\n",
        "Host: a\r\nContent-Length: 5\r\nContent-Length: 5\r\n"}) {
    check_only_strict_refuses("POST / HTTP/1.1\r\n" + std::string(fields) + "\r\n");
  }
  check_only_strict_refuses("POST / HTTP/1.0\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n");
  check_only_strict_refuses("GET http://other/ HTTP/1.1\r\nHost: a\r\n\r\n");
}

TEST_CASE("both parsers agree with the handshakes that we write") {
  CHECK(beast_agrees_request(wire::make_upgrade_request("/ws", "a:80", wire::make_key(), {}, {})).has_value());
  CHECK(beast_agrees_response(wire::make_upgrade_response(wire::accept_key("k"), "chat")).has_value());
  auto const fault = wire::make_problem(wire::head_fault{426, "the WebSocket version must be 13"});
  CHECK(beast_agrees_response(fault.substr(0, wire::find_head_end(fault, 0))).has_value());
}

}  // namespace
}  // namespace gw::net
