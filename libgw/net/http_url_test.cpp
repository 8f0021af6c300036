#include "net/http_url.hpp"

#include "testing/catch.hpp"

#include <string>

using namespace gw;

namespace {

void check(std::string const& text, std::string const& again, std::string const& credentials = {}) {
  INFO(text);
  auto const url = net::parse_http_url(text);
  REQUIRE(url.has_value());
  CHECK(url->text() == again);
  CHECK(url->credentials == credentials);
}

}  // namespace

TEST_CASE("URLs of servers are read with port, path and credentials, and written without the last") {
  check("http://host", "http://host:80");
  check("HTTPS://Host.example", "https://Host.example:443");
  check("http://127.0.0.1:8761/eureka/", "http://127.0.0.1:8761/eureka");
  check("http://[fd00::1]:8500/a/b", "http://[fd00::1]:8500/a/b");
  check("https://user:p%40ss@host/x", "https://host:443/x", "user:p@ss");
}

TEST_CASE("what is no such URL is refused, and a password in it is not shown") {
  for (auto const* const text :
       {"", "host:80", "ftp://host", "http://", "http:///path", "http://host:0", "http://host:65536", "http://host:x",
        "http://ho st", "http://host/a?b", "http://host/#a", "http://[::1", "http://host\r\nX: y/", "http://a,b/",
        "http://u%4:x@host"}) {
    INFO(text);
    CHECK(net::parse_http_url(text).has_error());
  }
  auto const refused = net::parse_http_url("http://user:secret@host:0/");
  CHECK(describe(refused.error()) ==
        "'host:0/' has a port that is none; write http://host:port/path or https://host/path");
}
