#include "net/http_call.hpp"

#include "testing/catch.hpp"
#include "testing/http_double.hpp"
#include "testing/tls_identities.hpp"

#include <string>
#include <vector>

using namespace gw;
using namespace std::chrono_literals;
using testing::beside_server;
using testing::http_chunk;
using testing::http_chunked;
using testing::http_double;
using testing::http_ok;
using reply = testing::http_double::reply;

namespace {

net::http_limits const small{.connect = 2s, .answer = 2s, .body = 1000};
net::http_question const plain;

std::unique_ptr<net::http_client> client_of(net::loop& l, http_double const& server, net::http_limits limits = small) {
  return std::make_unique<net::http_client>(l, *net::parse_http_url(server.url("/base")), nullptr, limits);
}

/// What a call makes of an answer: its body, or the code and text of the error without what was asked of whom.
std::string outcome(result<net::http_answer> const& answer) {
  if (answer) return answer->body;
  auto const text = describe(answer.error());
  return text.substr(std::min(text.find(": ") + 2, text.size()));
}

void check(std::string const& bytes, bool close, std::string const& expected) {
  INFO(bytes);
  beside_server([&](net::loop& l, http_double& server) -> net::awaitable<void> {
    server.answers([&](http_double::request const&) { return reply{bytes, close}; });
    auto const client = client_of(l, server);
    auto const answer = co_await client->call(plain);
    CHECK(outcome(answer) == expected);
  });
}

}  // namespace

TEST_CASE("a question reaches the server as it was put, behind the path of the server's URL") {
  beside_server([](net::loop& l, http_double& server) -> net::awaitable<void> {
    auto url = *net::parse_http_url(server.url("/base"));
    url.credentials = "me:secret";
    net::http_client client(l, url, nullptr, small);
    net::http_question put{.method = "PUT", .target = "/x?y=z", .body = "{}"};
    put.fields = {{"Accept", "application/json"}};
    auto const answer = co_await client.call(put);
    REQUIRE(answer.has_value());
    auto const& asked = server.requests().at(0);
    CHECK(asked.method == "PUT");
    CHECK(asked.target == "/base/x?y=z");
    CHECK(asked.body == "{}");
    CHECK(asked.head.find("\r\nAccept: application/json\r\n") != std::string::npos);
    CHECK(asked.head.find("\r\nAuthorization: Basic bWU6c2VjcmV0\r\n") != std::string::npos);
    CHECK(asked.head.find("\r\nHost: " + server.authority() + "\r\n") != std::string::npos);
  });
}

TEST_CASE("an answer may have a length, come in chunks, or last until the connection ends") {
  check(http_ok("hello"), false, "hello");
  check(http_chunked() + http_chunk("hel") + http_chunk("lo") + "0\r\n\r\n", false, "hello");
  check("HTTP/1.1 200 OK\r\n\r\nhello", true, "hello");
  check("HTTP/1.0 200 OK\r\n\r\nhello", true, "hello");
  check("HTTP/1.1 204 No Content\r\n\r\n", false, "");
  check("HTTP/1.1 100 Continue\r\n\r\n" + http_ok("hello"), false, "hello");
  check(testing::http_says(503, "down"), false, "down");
}

TEST_CASE("an answer in gzip is unpacked") {
  std::string const packed(
      "\x1f\x8b\x08\x00\x00\x00\x00\x00\x02\x03\xcb\x48\xcd\xc9\xc9\x07\x00\x86\xa6\x10\x36\x05\x00\x00\x00", 25);
  check(http_ok(packed, "Content-Encoding: gzip\r\n"), false, "hello");
  check(http_ok(packed.substr(0, 20), "Content-Encoding: GZIP\r\n"), false, "the answer is not whole gzip");
}

TEST_CASE("what is broken, too large or no HTTP is an error that says so") {
  check("hello\r\n\r\n", true, "the status line is not a version, a status and a reason");
  check("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhello", true, "the answer is broken: partial message");
  check(http_chunked() + http_chunk("hel") + "zz\r\n", false, "the answer is broken: bad chunk");
  check(http_chunked() + http_chunk("hel"), true, "the answer is broken: partial message");
  check(http_ok(std::string(1001, 'x')), false, "the answer is larger than allowed");
  check(http_chunked() + http_chunk(std::string(1001, 'x')), false, "the answer is larger than allowed");
  check("HTTP/1.1 200 OK\r\n\r\n" + std::string(1001, 'x'), true, "the answer is larger than allowed");
  check("HTTP/1.1 200 OK\r\nContent-Length: 99999999999999\r\n\r\n", false, "the answer is larger than allowed");
  check("HTTP/1.1 200 OK\r\nX: " + std::string(20'000, 'x') + "\r\n\r\n", false,
        "the head of the answer is larger than allowed");
  check(http_chunked() + "1;" + std::string(20'000, 'x'), false, "the answer is broken: header limit exceeded");
  check(std::string("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 100 Continue\r\n\r\n") +
            "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 100 Continue\r\n\r\n" + http_ok("hello"),
        false, "interim answers without end");
  check("HTTP/1.1 101 Switching Protocols\r\n\r\n" + http_ok("hello"), false, "a 101 that nobody asked for");
}

TEST_CASE("a question that would write a line of its own into the request is not sent") {
  beside_server([](net::loop& l, http_double& server) -> net::awaitable<void> {
    auto const client = client_of(l, server);
    net::http_question const with_line{.target = "/\r\nX: y"};
    net::http_question const with_blank{.target = "/a b"};
    net::http_question with_token;
    with_token.fields = {{"X-Consul-Token", "a\nb"}};
    for (auto const& question : {with_line, with_blank, with_token}) {
      auto const answer = co_await client->call(question);
      CHECK(answer.error().code == errc::bad_config);
    }
    CHECK(server.requests().empty());
  });
}

TEST_CASE("a connection is kept between calls, and replaced when the server has ended it meanwhile") {
  beside_server([](net::loop& l, http_double& server) -> net::awaitable<void> {
    server.answers(http_ok("hello"));
    auto const client = client_of(l, server);
    for (int i = 0; i < 3; ++i) {
      auto const answer = co_await client->call(plain);
      CHECK(outcome(answer) == "hello");
    }
    CHECK(server.connections() == 1);
    server.hangs_up();
    auto const answer = co_await client->call(plain);
    CHECK(outcome(answer) == "hello");
    CHECK(server.connections() == 2);
    server.answers([](http_double::request const&) { return reply{"", true}; });
    auto const refused = co_await client->call(plain);
    CHECK(outcome(refused).starts_with("the connection ends without an answer"));
  });
}

TEST_CASE("an answer that forbids it, or brings more than itself, ends its connection") {
  beside_server([](net::loop& l, http_double& server) -> net::awaitable<void> {
    auto const client = client_of(l, server);
    for (auto const& bytes : {http_ok("hello", "Connection: close\r\n"), http_ok("hello") + "more"}) {
      server.answers(bytes);
      auto const answer = co_await client->call(plain);
      CHECK(outcome(answer) == "hello");
    }
    server.answers(http_ok("hello"));
    auto const answer = co_await client->call(plain);
    CHECK(outcome(answer) == "hello");
    CHECK(server.connections() == 3);
  });
}

TEST_CASE("silence ends a call in time, and nobody who listens at once") {
  beside_server([](net::loop& l, http_double& server) -> net::awaitable<void> {
    server.answers(std::string());
    auto const client = client_of(l, server, {.answer = 50ms});
    auto const answer = co_await client->call(plain);
    CHECK(answer.error().code == errc::connect_timeout);
    CHECK(describe(answer.error()) == "GET " + server.url("/base/") + ": no answer in time");
    auto const url = *net::parse_http_url("http://127.0.0.1:1/");
    net::http_client nobody(l, url, nullptr, small);
    auto const refused = co_await nobody.call(plain);
    CHECK(refused.error().code == errc::connect_failed);
    CHECK(outcome(refused) == "127.0.0.1:1 cannot be connected: Connection refused");
  });
}

TEST_CASE("https needs a certificate of the host's name that is trusted") {
  testing::tls_identities const identities;
  auto const here = identities.make("here", "IP:127.0.0.1");
  auto const other = identities.make("other", "DNS:other.test");
  beside_server([&](net::loop& l, http_double& server) -> net::awaitable<void> {
    server.answers(http_ok("hello"));
    server.speaks_tls(*net::tls_context::server({.cert_file = here.cert, .key_file = here.key}));
    auto const url = *net::parse_http_url(server.url());
    net::http_client trusting(l, url, *net::tls_context::client({.ca_file = here.cert}), small);
    auto const answer = co_await trusting.call(plain);
    CHECK(outcome(answer) == "hello");
    net::http_client doubting(l, url, *net::tls_context::client({.ca_file = other.cert}), small);
    auto const refused = co_await doubting.call(plain);
    CHECK(outcome(refused).find("certificate verify failed") != std::string::npos);
  });
}

TEST_CASE("a stream hands out its lines as they come, and tells its end") {
  beside_server([](net::loop& l, http_double& server) -> net::awaitable<void> {
    server.answers(http_chunked() + http_chunk("one\ntw"));
    auto const client = client_of(l, server);
    auto const opened = co_await client->open(plain);
    REQUIRE(opened.has_value());
    CHECK(client->is_streaming());
    auto line = co_await client->next_line(2s);
    CHECK(*line == "one");
    CHECK_FALSE(client->has_line());
    server.pushes(http_chunk("o\r\n\nthree\n") + http_chunk("cut") + "0\r\n\r\n");
    line = co_await client->next_line(2s);
    CHECK(*line == "two");
    CHECK(client->has_line());
    line = co_await client->next_line(2s);
    CHECK(line->empty());
    line = co_await client->next_line(2s);
    CHECK(*line == "three");
    for (int i = 0; i < 2; ++i) {
      line = co_await client->next_line(2s);
      CHECK(line.error().code == errc::closed);
      CHECK_FALSE(client->is_streaming());
    }
  });
}

TEST_CASE("a stream that is silent, breaks or has an endless line is over") {
  beside_server([](net::loop& l, http_double& server) -> net::awaitable<void> {
    server.answers(http_chunked());
    auto const client = client_of(l, server);
    auto opened = co_await client->open(plain);
    auto line = co_await client->next_line(30ms);
    CHECK(line.error().code == errc::timeout);
    CHECK_FALSE(client->is_streaming());

    opened = co_await client->open(plain);
    REQUIRE(opened.has_value());
    server.pushes("nonsense\r\n");
    line = co_await client->next_line(2s);
    CHECK(line.error().code == errc::handshake_rejected);

    opened = co_await client->open(plain);
    REQUIRE(opened.has_value());
    server.pushes(http_chunk(std::string(5000, 'x')));
    line = co_await client->next_line(2s);
    CHECK(line.error().code == errc::upstream_too_big);

    server.answers(testing::http_says(410, "gone"));
    opened = co_await client->open(plain);
    CHECK(opened->status == 410);
    CHECK(opened->body == "gone");
    CHECK_FALSE(client->is_streaming());
  });
}

TEST_CASE("an answer that refuses a stream is no larger than any other, in chunks too") {
  beside_server([](net::loop& l, http_double& server) -> net::awaitable<void> {
    auto const client = client_of(l, server);
    for (std::size_t const size : {std::size_t{1000}, std::size_t{1001}}) {
      server.answers("HTTP/1.1 500 Oops\r\nTransfer-Encoding: chunked\r\n\r\n" + http_chunk(std::string(size, 'x')) +
                     "0\r\n\r\n");
      auto const opened = co_await client->open(plain);
      CHECK(opened.has_value() == (size == 1000));
      if (!opened) CHECK(opened.error().code == errc::upstream_too_big);
    }
  });
}

TEST_CASE("a client that is closed ends its call, and begins no other") {
  beside_server([](net::loop& l, http_double& server) -> net::awaitable<void> {
    net::http_client* calling = nullptr;
    server.answers([&calling](http_double::request const&) {
      calling->close();
      return reply{};
    });
    auto const client = client_of(l, server);
    calling = client.get();
    auto answer = co_await client->call(plain);
    CHECK(answer.error().code == errc::closed);
    answer = co_await client->call(plain);
    CHECK(answer.error().code == errc::closed);
    CHECK(server.requests().size() == 1);
  });
}
