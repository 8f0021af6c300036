#include "testing/catch.hpp"
#include "wire/upgrade.hpp"

#include <string>
#include <vector>

namespace gw::wire {
namespace {

void check(std::string_view origin, std::string_view host, bool expected, std::vector<std::string> const& allow = {}) {
  INFO(origin << " at " << host);
  CHECK(origin_allowed(origin, host, allow) == expected);
}

TEST_CASE("A32: without a list only pages of the same host may connect") {
  check("https://good.com", "good.com", true);
  check("http://good.com", "good.com", true);
  check("https://GOOD.com", "good.COM", true);
  check("https://good.com:443", "good.com", true);
  check("https://good.com", "good.com:443", true);
  check("http://good.com:80", "good.com", true);
  check("http://good.com:8080", "good.com:8080", true);
  check("http://[::1]:8080", "[::1]:8080", true);
  check("https://evil.com", "good.com", false);
  check("https://good.com.evil", "good.com", false);
  check("https://evilgood.com", "good.com", false);
  check("https://good.com:8443", "good.com", false);
  check("https://good.com", "good.com:8443", false);
  check("https://good.com:80", "good.com", false);
  check("http://good.com", "good.com:443", false);
  check("https://good.com.", "good.com", false);
}

TEST_CASE("A32: over TLS a plain page of the same host is a foreign one, unless it is listed") {
  auto const check_tls = [](std::string_view origin, std::string_view host, bool expected,
                            std::vector<std::string> const& allow = {}) {
    INFO(origin << " at " << host);
    CHECK(origin_allowed(origin, host, allow, true) == expected);
  };
  check_tls("https://good.com", "good.com", true);
  check_tls("https://good.com:8443", "good.com:8443", true);
  check_tls("HTTPS://good.com", "good.com:443", true);
  check_tls("http://good.com", "good.com", false);
  check_tls("http://good.com:8443", "good.com:8443", false);
  check_tls("http://good.com:443", "good.com", false);
  check_tls("http://good.com", "good.com", true, {"http://good.com"});
  check_tls("", "good.com", true);
}

TEST_CASE("A32: what is not a web origin is refused") {
  for (auto const* origin :
       {"null", "good.com", "//good.com", "://good.com", "https://", "https://good.com/", "https://good.com/x",
        "https://u@good.com", "https://good.com@evil.com", "https://good.com#", "https://good.com ", "https:good.com",
        "file://good.com", "https://good.com:", "https://good.com, https://evil.com"}) {
    check(origin, "good.com", false);
  }
}

TEST_CASE("A32: a list is exact and takes the place of the same host") {
  std::vector<std::string> const list = {"https://app.example.com", "http://dev.example.com:3000", "app://desktop"};
  check("https://app.example.com", "gw", true, list);
  check("HTTPS://APP.example.com:443", "gw", true, list);
  check("http://dev.example.com:3000", "gw", true, list);
  check("app://desktop", "gw", true, list);
  check("http://app.example.com", "gw", false, list);
  check("https://app.example.com:8443", "gw", false, list);
  check("https://app.example.com.evil", "gw", false, list);
  check("https://x.app.example.com", "gw", false, list);
  check("http://dev.example.com", "gw", false, list);
  check("https://gw", "gw", false, list);
  check("null", "gw", false, list);
  check("null", "gw", false, {"null"});
}

TEST_CASE("a star in the list lets every page in") {
  check("https://evil.com", "gw", true, {"*"});
  check("null", "gw", true, {"https://a.example", "*"});
  check("https://evil.com", "gw", false, {"https://*"});
}

TEST_CASE("A32: a client that sends no Origin is no browser") {
  check("", "gw", true);
  check("", "gw", true, {"https://app.example.com"});
}

}  // namespace
}  // namespace gw::wire
