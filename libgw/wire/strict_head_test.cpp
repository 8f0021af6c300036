#include "wire/strict_head.hpp"

#include "testing/catch.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace gw::wire {
namespace {

using namespace std::string_literals;

constexpr int accepted = 0;

int status_of(std::string const& raw) {
  auto const head = judge_request(raw);
  return head ? accepted : head.error().status;
}

void check(std::string const& raw, int expected) {
  INFO(raw);
  CHECK(status_of(raw) == expected);
}

/// A request that is good but for what `fields` add to it.
void check_fields(std::string const& fields, int expected) {
  check("GET /ws HTTP/1.1\r\nHost: gw.example\r\n" + fields + "\r\n", expected);
}

void check_line(std::string const& line, int expected) {
  check(line + "\r\nHost: gw.example\r\n\r\n", expected);
}

void check_host(std::string const& host, int expected) {
  check("GET /ws HTTP/1.1\r\nHost: " + host + "\r\n\r\n", expected);
}

void check_response(std::string const& raw, int expected) {
  INFO(raw);
  auto const head = judge_response(raw);
  CHECK((head ? accepted : head.error().status) == expected);
}

TEST_CASE("a good request is read into views of its bytes, in order") {
  std::string const raw =
      "GET /ws?a=%20b HTTP/1.1\r\nHost: gw.example:8080\r\nX-One:\t first \r\nEmpty:\r\nx-one: s\xC3\xA9"
      "cond, third\r\n\r\n";
  auto const head = judge_request(raw);
  REQUIRE(head.has_value());
  CHECK(head->method == "GET");
  CHECK(head->target == "/ws?a=%20b");
  CHECK(head->minor == 1);
  REQUIRE(head->fields.size() == 4);
  CHECK(head->get("x-ONE") == "first");
  CHECK(head->get("empty").empty());
  CHECK(head->get("absent").empty());
  CHECK(head->count("X-One") == 2);
  CHECK(head->has_token("X-ONE", "THIRD"));
  CHECK_FALSE(head->has_token("x-one", "thir"));
  CHECK(head->fields[1].value.data() > raw.data());
  CHECK(head->fields[1].value.data() < raw.data() + raw.size());
}

TEST_CASE("A2: only HTTP/1.1 and HTTP/1.0 are versions") {
  check_line("GET / HTTP/1.1", accepted);
  check_line("GET / HTTP/1.0", accepted);
  for (auto const* version : {"HTTP/1.2", "HTTP/9.9", "HTTP/0.9", "HTTP/2.0"}) check_line("GET / "s + version, 505);
  for (auto const* version : {"http/1.1", "HTTP/1.1 ", "HTTP/11", "HTTP/1.10", "HTTP/1,1", "HTTP/a.1", "HTTP", ""}) {
    check_line("GET / "s + version, 400);
  }
  check("GET /\r\n\r\n", 400);
  check("GET / HTTP/1.0\r\n\r\n", accepted);
}

TEST_CASE("A10: Content-Length and Transfer-Encoding exclude each other in either order") {
  check_fields("Content-Length: 5\r\nTransfer-Encoding: chunked\r\n", 400);
  check_fields("Transfer-Encoding: chunked\r\nContent-Length: 5\r\n", 400);
  check_fields("Transfer-Encoding: gzip\r\nContent-Length: 5\r\n", 400);
}

TEST_CASE("A11: the only transfer coding is exactly one chunked") {
  check_fields("Transfer-Encoding: chunked\r\n", accepted);
  check_fields("transfer-encoding:Chunked\r\n", accepted);
  for (auto const* coding : {"identity", "xchunked", "gzip", "chunkedx"}) {
    check_fields("Transfer-Encoding: "s + coding + "\r\n", 501);
  }
  for (auto const* coding :
       {"chunked, identity", "gzip, chunked", "chunked, chunked", "chunked;q=1", "\"chunked\"", "", ",chunked",
        "\x0b"
        "chunked",
        "\tchunked", " chunked", "chunked ", "chunked\t"}) {
    check_fields("Transfer-Encoding: "s + coding + "\r\n", 400);
  }
  check_fields("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n", 400);
  check_fields("Transfer-Encoding: chunked\r\ntransfer-encoding: identity\r\n", 400);
  check_fields("Transfer-Encoding : chunked\r\n", 400);
  check_fields(" Transfer-Encoding: chunked\r\n", 400);
}

TEST_CASE("A12: Transfer-Encoding is not part of HTTP/1.0") {
  check("GET / HTTP/1.0\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n", 400);
  check("GET / HTTP/1.0\r\nHost: a\r\nTransfer-Encoding: gzip\r\n\r\n", 400);
}

TEST_CASE("A13: Content-Length is a plain number and stands once") {
  for (auto const* good : {"0", "5", "007", "9999999999999999999"}) {
    check_fields("Content-Length: "s + good + "\r\n", accepted);
  }
  for (auto const* broken :
       {"+5", "-1", "5,6", "5, 5", "", "18446744073709551616", "0x5", "5 5", "5.0", "5;", "\xD9\xA5"}) {
    check_fields("Content-Length: "s + broken + "\r\n", 400);
  }
  check_fields("Content-Length: 5\r\nContent-Length: 5\r\n", 400);
  check_fields("Content-Length: 5\r\ncontent-length: 6\r\n", 400);
}

TEST_CASE("A14: a folded header line is refused") {
  check_fields("X-A: 1\r\n 2\r\n", 400);
  check_fields("X-A: 1\r\n\t2\r\n", 400);
  check_fields("X-A:\r\n \r\n", 400);
  check("GET / HTTP/1.1\r\n Host: a\r\n\r\n", 400);
}

TEST_CASE("A15: names are tokens, values have no control characters, lines end in CRLF") {
  check_fields("X-A: tab\there\r\n", accepted);
  check_fields("X-A: caf\xC3\xA9\r\n", accepted);
  for (auto const* line : {": empty", "X-A : space", "X A: 1", "X\tA: 1", "X(A): 1", "X\xC3\xA9: 1", "no colon",
                           "\"X\": 1", "X-A: bare\rCR", "X-A: bare\nLF", "X-A: bell\x07", "X-A: del\x7F",
                           "X-A: esc\x1B[0m", "X\r-A: 1", "X-A: 1\nHost: evil"}) {
    check_fields(line + "\r\n"s, 400);
  }
  check_fields("X-A: nul\0here\r\n"s, 400);
  check_fields("X\0A: 1\r\n"s, 400);
  check("GET / HTTP/1.1\nHost: a\r\n\r\n", 400);
  check("GET / HTTP/1.1\r\nHost: a\n\r\n\r\n", 400);
  check("\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n", 400);
}

TEST_CASE("A18: a request has exactly one valid Host, on HTTP/1.0 at most one") {
  check("GET / HTTP/1.1\r\n\r\n", 400);
  check("GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n", 400);
  check("GET / HTTP/1.1\r\nHost: a\r\nX: y\r\nhost: b\r\n\r\n", 400);
  check("GET / HTTP/1.0\r\nHost: a\r\nHost: b\r\n\r\n", 400);
  check("GET / HTTP/1.0\r\nHost: a b\r\n\r\n", 400);
  for (auto const* good :
       {"a", "A.example.", "my_svc-1", "127.0.0.1", "a:1", "a:65535", "[::1]", "[2001:db8::1]:8443"}) {
    check_host(good, accepted);
  }
  for (auto const* broken : {"",           ":80",
                             "a:",         "a:0",
                             "a:65536",    "a:8o",
                             "a:-1",       "a:80:80",
                             "a b",        "a,b",
                             "a/b",        "u@a",
                             "a#b",        "a?b",
                             "a\\b",       "a%2e",
                             "::1",        "[::1",
                             "[]",         "[::1]x",
                             "[::1]:",     "[fe80::1%25eth0]",
                             "[1.2.3.4]",  "[::g]",
                             "caf\xC3\xA9"}) {
    check_host(broken, 400);
  }
  check_host(std::string(255, 'a'), accepted);
  check_host(std::string(256, 'a'), 400);
  check_line("GET http://gw.example/ HTTP/1.1", 400);
  check_line("GET http://other.example/ HTTP/1.1", 400);
}

TEST_CASE("A20: a request line is at most 8 KiB long, fields are at most 100") {
  std::string const frame = "GET / HTTP/1.1";
  check_line("GET /" + std::string(8192 - frame.size(), 'a') + " HTTP/1.1", accepted);
  check_line("GET /" + std::string(8193 - frame.size(), 'a') + " HTTP/1.1", 414);
  std::string fields;
  for (int i = 0; i < 99; ++i) fields += "a: b\r\n";
  check_fields(fields, accepted);
  check_fields(fields + "a: b\r\n", 431);
}

TEST_CASE("A20: a head whose end never comes is 414 or 431 by where it grew") {
  CHECK(head_too_big(std::string(16384, 'a')).status == 414);
  CHECK(head_too_big("GET /" + std::string(8186, 'a') + " HTTP/1.1\r\n").status == 414);
  CHECK(head_too_big("GET / HTTP/1.1\r\n" + std::string(16384, 'a')).status == 431);
  CHECK(head_too_big(std::string(8192, 'a') + "\r\n" + std::string(8192, 'a')).status == 431);
}

TEST_CASE("A30: a target is in origin-form, printable ASCII without a fragment") {
  for (auto const* good : {"/", "/ws", "/a//b", "/a?b=c?d", "/a%zz", "/a|b{c}\"d\""}) {
    check_line("GET "s + good + " HTTP/1.1", accepted);
  }
  for (auto const* broken : {"*", "host:443", "//evil", "ws", "http://a/", "/a b", "/a\tb", "/a#b", "/caf\xC3\xA9",
                             "/a\x7F", "/a\x01", "", "?a"}) {
    check_line("GET "s + broken + " HTTP/1.1", 400);
  }
  check_line("GET  / HTTP/1.1", 400);
  check_line("GET /  HTTP/1.1", 400);
  check_line("GET\t/ HTTP/1.1", 400);
  check_line(" GET / HTTP/1.1", 400);
  check_line("G(T / HTTP/1.1", 400);
  check_line("GET", 400);
}

TEST_CASE("Connection is a list of at most 32 tokens over all of its fields") {
  check_fields("Connection: keep-alive, Upgrade\r\n", accepted);
  check_fields("Connection: ,keep-alive,,\r\nConnection:\r\n", accepted);
  check_fields("Connection: foo bar\r\n", 400);
  check_fields("Connection: close; a=b\r\n", 400);
  check_fields("Proxy-Connection: \"a\"\r\n", 400);
  std::string many = "Connection: a";
  for (int i = 1; i < 32; ++i) many += ",a";
  check_fields(many + "\r\n", accepted);
  check_fields(many + "\r\nConnection: a\r\n", 400);
}

TEST_CASE("what is not one whole head is refused without being read") {
  for (auto const* raw : {"", "\r\n", "\r\n\r\n", "GET / HTTP/1.1\r\nHost: a\r\n",
                          "GET / HTTP/1.1\r\nHost: a\r\n\r\nmore", "GET / HTTP/1.1\r\nHost: a\r\n\r\n\r\n\r\n"}) {
    check(raw, 400);
  }
}

TEST_CASE("a good response is read with its status and reason") {
  auto const head = judge_response("HTTP/1.1 404 Not Found\r\nA: b\r\n\r\n");
  REQUIRE(head.has_value());
  CHECK(head->status == 404);
  CHECK(head->reason == "Not Found");
  CHECK(head->get("a") == "b");
  auto const bare = judge_response("HTTP/1.0 200 \r\n\r\n");
  REQUIRE(bare.has_value());
  CHECK(bare->reason.empty());
  CHECK(bare->minor == 0);
}

TEST_CASE("E5: a malformed response is always a 502") {
  for (auto const* line : {"HTTP/1.1 200", "HTTP/1.1 20 OK", "HTTP/1.1 2000 OK", "HTTP/1.1 +20 OK", "HTTP/1.1  200 OK",
                           "HTTP/1.1 099 Low", "HTTP/1.1 600 High", "HTTP/1.2 200 OK", "HTTP/2 200 OK", "ICY 200 OK",
                           "HTTP/1.1 200 a\x01", "HTTP/1.1 200 a\rb", "200 OK", ""}) {
    check_response(line + "\r\n\r\n"s, 502);
  }
  std::string fields;
  for (int i = 0; i < 101; ++i) fields += "a: b\r\n";
  check_response("HTTP/1.1 200 OK\r\n" + fields + "\r\n", 502);
}

TEST_CASE("A10 to A15 hold for responses as well") {
  for (auto const* field : {"Content-Length: 5\r\nTransfer-Encoding: chunked", "Transfer-Encoding: gzip",
                            "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked", "Content-Length: 5, 5",
                            "Content-Length: ", "A: b\r\n c", ": b", "A : b", "A: b\nC: d", "A: b\x02"}) {
    check_response("HTTP/1.1 200 OK\r\n"s + field + "\r\n\r\n", 502);
  }
  check_response("HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", 502);
  check_response("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", accepted);
}

TEST_CASE("an answer that cannot have a body must not announce one") {
  for (auto const* status : {"100 Continue", "101 Switching Protocols", "204 No Content"}) {
    check_response("HTTP/1.1 "s + status + "\r\nContent-Length: 0\r\n\r\n", accepted);
    check_response("HTTP/1.1 "s + status + "\r\nContent-Length: 5\r\n\r\n", 502);
    check_response("HTTP/1.1 "s + status + "\r\nTransfer-Encoding: chunked\r\n\r\n", 502);
  }
  check_response("HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n", accepted);
}

TEST_CASE("the end of a head is found however its bytes are cut") {
  std::string const raw = "GET / HTTP/1.1\r\r\n\r\nHost: a\r\n\r\nbehind";
  for (std::size_t cut = 0; cut <= raw.size(); ++cut) {
    auto const first = find_head_end(std::string_view(raw).substr(0, cut), 0);
    CHECK(first == (cut < 19 ? 0U : 19U));
    if (first == 0) CHECK(find_head_end(raw, cut) == 19);
  }
  std::size_t seen = 0;
  std::size_t found = 0;
  for (; found == 0 && seen < raw.size(); ++seen)
    found = find_head_end(std::string_view(raw).substr(0, seen + 1), seen);
  CHECK(found == 19);
  CHECK(seen == 19);
  CHECK(find_head_end("", 0) == 0);
  CHECK(find_head_end("\r\n\r", 3) == 0);
}

TEST_CASE("A20: what was searched before is not searched again") {
  // An end before `from` less three bytes must have been seen by the earlier call.
  CHECK(find_head_end("\r\n\r\nabcdef", 10) == 0);
}

}  // namespace
}  // namespace gw::wire
