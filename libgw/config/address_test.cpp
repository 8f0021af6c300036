#include "config/address.hpp"

#include "testing/catch.hpp"

using gw::config::bind_address;

TEST_CASE("a bind is an address with a port or the path of a UNIX socket") {
  auto const check = [](std::string_view text, bind_address const& expected) {
    CAPTURE(text);
    auto const parsed = gw::config::parse_bind(text);
    REQUIRE(parsed.has_value());
    CHECK(*parsed == expected);
  };
  check("0.0.0.0:8080", {.ip = "0.0.0.0", .port = 8080});
  check("127.0.0.1:0", {.ip = "127.0.0.1"});
  check("[::]:8080", {.ip = "::", .port = 8080});
  check("[::1]:65535", {.ip = "::1", .port = 65535});
  check("unix:/run/x.sock", {.unix_path = "/run/x.sock"});
}

TEST_CASE("what is no bind is refused") {
  for (std::string const text :
       {"", "8080", ":8080", "localhost:8080", "1.2.3:80", "1.2.3.4:65536", "1.2.3.4:-1", "1.2.3.4:", "1.2.3.4:8x",
        "::1:80", "[::1]", "[::1]80", "[1.2.3.4]:80", "unix:", "unix:x"}) {
    CAPTURE(text);
    CHECK_FALSE(gw::config::parse_bind(text).has_value());
  }
  CHECK_FALSE(gw::config::parse_bind("unix:/" + std::string(107, 'x')).has_value());
  CHECK(gw::config::parse_bind("unix:/" + std::string(106, 'x')).has_value());
  CHECK_FALSE(gw::config::parse_bind(std::string_view("unix:/a\0b", 9)).has_value());
  CHECK_FALSE(gw::config::parse_bind(std::string_view("127.0.0.1\0:80", 13)).has_value());
}

TEST_CASE("an instance is a host with a port") {
  auto const check = [](std::string_view text, std::string_view host, std::uint16_t port) {
    CAPTURE(text);
    auto const parsed = gw::config::parse_host_port(text);
    REQUIRE(parsed.has_value());
    CHECK(parsed->host == host);
    CHECK(parsed->port == port);
    CHECK(gw::config::host_port_text(parsed->host, parsed->port) == text);
  };
  check("127.0.0.1:9001", "127.0.0.1", 9001);
  check("orders.internal:1", "orders.internal", 1);
  check("a_b-c:65535", "a_b-c", 65535);
  check("[fe80::1]:80", "fe80::1", 80);
  for (std::string const text : {"", "h", "h:", ":1", "h:0", "h:65536", "h:1x", "h h:1", "-h:1", ".h:1", "a..b:1",
                                 "1.2.3:80", "300.1.1.1:80", "[h]:1", "h/x:1", "u@h:1"}) {
    CAPTURE(text);
    CHECK_FALSE(gw::config::parse_host_port(text).has_value());
  }
}

TEST_CASE("service names keep to their alphabet") {
  for (std::string const name : {"a", "order", "Order-2", "a.b_c", "0", "gateway2"}) {
    CAPTURE(name);
    CHECK(gw::config::service_name_fault(name).empty());
  }
  for (std::string const name : {"", "gateway", ".a", "-a", "_a", "a..b", "a b", "a/b", "\xC3\xA9"}) {
    CAPTURE(name);
    CHECK_FALSE(gw::config::service_name_fault(name).empty());
  }
  CHECK(gw::config::service_name_fault(std::string(63, 'x')).empty());
  CHECK_FALSE(gw::config::service_name_fault(std::string(64, 'x')).empty());
}

TEST_CASE("a network holds the addresses that share its first bits") {
  auto const check = [](std::string_view network, std::string_view ip, bool expected) {
    CAPTURE(network, ip);
    auto const parsed = gw::config::parse_cidr(network);
    REQUIRE(parsed.has_value());
    CHECK(parsed->contains(ip) == expected);
  };
  check("10.0.0.0/8", "10.255.0.1", true);
  check("10.0.0.0/8", "11.0.0.1", false);
  check("10.0.0.0/8", "::ffff:10.1.2.3", true);
  check("10.0.0.0/8", "::ffff:11.1.2.3", false);
  check("192.168.4.0/22", "192.168.7.255", true);
  check("192.168.4.0/22", "192.168.8.0", false);
  check("127.0.0.1", "127.0.0.1", true);
  check("127.0.0.1", "127.0.0.2", false);
  check("0.0.0.0/0", "255.255.255.255", true);
  check("0.0.0.0/0", "::1", false);
  check("::/0", "::1", true);
  check("::/0", "10.1.2.3", true);
  check("10.1.2.0/31", "10.1.2.1", true);
  check("10.1.2.0/31", "10.1.2.2", false);
  check("2001:db8::/33", "2001:db8:7fff::", true);
  check("2001:db8::/33", "2001:db8:8000::", false);
  check("::1/128", "::1", true);
  check("10.0.0.0/8", std::string_view("10.0.0.9\0", 9), false);
  check("::1", "::1", true);
  check("::1", "127.0.0.1", false);
  check("fd00::/8", "fdff::1", true);
  check("fd00::/8", "fe00::1", false);
  check("fd00::/8", "", false);
  check("0.0.0.0/0", "/run/x.sock", false);
  check("0.0.0.0/0", "example.com", false);
}

TEST_CASE("what is no network is refused") {
  for (std::string const text :
       {"", "10.0.0.0/", "10.0.0.0/33", "10.0.0.0/-1", "10.0.0.0/8x", "10.0.0/8", "10.0.0.1/8", "::/129", "fd00::1/8",
        "host", "host/8", "/8", "10.0.0.0/8/8", "10.0.0.0:80", "[::1]", "::1%lo"}) {
    CAPTURE(text);
    CHECK_FALSE(gw::config::parse_cidr(text).has_value());
  }
  CHECK_FALSE(gw::config::parse_cidr(std::string(1000, '1')).has_value());
}

TEST_CASE("an address is shown as it is written, IPv4 also where IPv6 maps it") {
  auto const shown = [](std::string_view text) { return gw::config::to_text(*gw::config::parse_ip(text)); };
  CHECK(shown("10.0.0.9") == "10.0.0.9");
  CHECK(shown("::ffff:10.0.0.9") == "10.0.0.9");
  CHECK(shown("2001:DB8:0::1") == "2001:db8::1");
  CHECK_FALSE(gw::config::parse_ip(std::string_view("10.0.0.9\0", 9)).has_value());
}

TEST_CASE("a URI names a service by the scheme lb alone") {
  auto const check = [](std::string_view uri, std::optional<std::string_view> service) {
    CHECK(gw::config::service_of_uri(uri) == service);
  };
  check("lb://order", "order");
  check("lb://", "");
  check("http://order", std::nullopt);
  check("order", std::nullopt);
  check("", std::nullopt);
}
