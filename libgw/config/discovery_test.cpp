#include "config/load.hpp"

#include "testing/catch.hpp"
#include "testing/config_world.hpp"

#include <array>
#include <string>

using namespace std::chrono_literals;

namespace {

constexpr auto needs_url = std::to_array<std::string_view>({"urls"});
constexpr auto takes_tag = std::to_array<std::string_view>({"tag", "tls.verify", "tls.ca"});
constexpr auto needs_path = std::to_array<std::string_view>({"path"});

/// A system that knows two types of sources.
gw::config::outside_knowledge two_types() {
  auto outside = gw::testing::pem_everywhere();
  outside.sources = {{"web", needs_url, takes_tag}, {"paper", needs_path}};
  return outside;
}

void check(std::string_view toml, std::string_view expected) {
  CHECK(gw::testing::problems_of(toml, two_types()) == std::string(expected) + (expected.empty() ? "" : "\n"));
}

constexpr std::string_view order = "[services.order]\ninstances = [\"h:1\"]\n";
constexpr std::string_view order_of_x = "[services.order]\ndiscovery = \"x\"\n";

}  // namespace

// tidy: long function: every key once
TEST_CASE("every key of a source of instances can be set") {
  auto const read = gw::config::load_text(R"(
[services.billing]
discovery = "eu"
service_id = "BILLING"
[discovery.eu]
type = "whatever"
refresh = "5s"
any_service = true
allow = ["shop-*"]
deny = ["shop-admin"]
networks = ["10.0.0.0/8"]
allow_empty = true
required = true
zone = "a"
urls = ["http://a:8761/eureka", "https://b/eureka/v2"]
tls = { verify = false, ca = "ca.pem" }
connect_timeout = "1s"
read_timeout = "2s"
path = "/etc/services"
domain = "_ws._tcp.{service}.internal"
record = "a"
port = 9001
servers = ["127.0.0.1:5353"]
token_file = "/run/token"
datacenter = "dc1"
tag = "ws"
namespace = "prod"
port_name = "ws"
label = "app=x"
prefix = "/services/"
register = true
service_name = "wsgw"
advertise = "gw.example.com:8080"
)",
                                          "f.toml", gw::testing::pem_everywhere());
  CHECK(gw::testing::problems_of(read).empty());
  auto const& c = read.value;
  REQUIRE(c.services.size() == 1);
  CHECK(c.services[0].discovery == "eu");
  CHECK(c.services[0].service_id == "BILLING");
  CHECK(c.services[0].instances.empty());
  REQUIRE(c.discoveries.size() == 1);
  auto const& d = c.discoveries[0];
  CHECK(d.name == "eu");
  CHECK(d.type == "whatever");
  CHECK(d.refresh == 5s);
  CHECK(d.any_service);
  CHECK(d.allow == std::vector<std::string>{"shop-*"});
  CHECK(d.deny == std::vector<std::string>{"shop-admin"});
  CHECK(d.networks == std::vector<std::string>{"10.0.0.0/8"});
  CHECK(d.allow_empty);
  CHECK(d.required);
  CHECK(d.zone == "a");
  CHECK(d.urls == std::vector<std::string>{"http://a:8761/eureka", "https://b/eureka/v2"});
  CHECK_FALSE(d.tls.verify);
  CHECK(d.tls.ca == "ca.pem");
  CHECK(d.connect_timeout == 1s);
  CHECK(d.read_timeout == 2s);
  CHECK(d.path == "/etc/services");
  CHECK(d.domain == "_ws._tcp.{service}.internal");
  CHECK(d.record == gw::config::dns_record::a);
  CHECK(d.port == 9001);
  CHECK(d.servers == std::vector<std::string>{"127.0.0.1:5353"});
  CHECK(d.token_file == "/run/token");
  CHECK(d.datacenter == "dc1");
  CHECK(d.tag == "ws");
  CHECK(d.namespace_name == "prod");
  CHECK(d.port_name == "ws");
  CHECK(d.label == "app=x");
  CHECK(d.prefix == "/services/");
  CHECK(d.registers);
  CHECK(d.service_name == "wsgw");
  CHECK(d.advertise == "gw.example.com:8080");
}

TEST_CASE("a service has instances, or a source, or both") {
  std::string const paper = "[discovery.p]\ntype = \"paper\"\npath = \"/x\"\n";
  check(paper + "[services.a]\ndiscovery = \"p\"", "");
  check(paper + "[services.a]\ndiscovery = \"p\"\ninstances = [\"h:1\"]", "");
  check(paper + "[services.a]\n",
        "f.toml:4:1: error: services.a.instances: missing; write instances = [\"host:port\"], or discovery = \"NAME\"");
  check(std::string(order) + "service_id = \"b\"",
        "f.toml:3:14: error: services.order.service_id: has no effect without discovery");
  check("[services.a]\ndiscovery = \"p\"",
        "f.toml:2:13: error: services.a.discovery: there is no [discovery.p]; write it");
  check(paper + "[services.a]\ndiscovery = \"pp\"",
        "f.toml:5:13: error: services.a.discovery: there is no [discovery.pp]; write one of p");
}

TEST_CASE("a source is asked for something, or lists the gateway itself") {
  std::string const begin = std::string(order) + "[discovery.p]\ntype = \"paper\"\npath = \"/x\"\n";
  check(begin,
        "f.toml:3:1: error: discovery.p: no service names it; write discovery = \"p\" in [services.NAME], or "
        "any_service = true");
  check(begin + "any_service = true\n", "");
  check(begin + "register = true\nservice_name = \"wsgw\"\nadvertise = \"gw:80\"\n", "");
}

TEST_CASE("a configuration without services needs a source that opens any") {
  std::string const paper = "[discovery.p]\ntype = \"paper\"\npath = \"/x\"\n";
  check(paper, "f.toml: error: services: no service; write [services.NAME] with instances = [\"host:port\"]");
  check(paper + "any_service = true\n", "");
}

TEST_CASE("a key that its type of source does not take is told, and so is one that is missing") {
  std::string const begin = std::string(order_of_x) + "[discovery.x]\n";
  check(begin + "type = \"web\"\nurls = [\"http://h\"]\ntag = \"t\"\n", "");
  check(begin + "type = \"web\"\n", "f.toml:3:1: error: discovery.x.urls: missing; type \"web\" needs it");
  check(
      begin + "type = \"paper\"\npath = \"/x\"\ntag = \"t\"\n",
      "f.toml:6:7: error: discovery.x.tag: type \"paper\" has no such key; it takes type, refresh, any_service, allow, "
      "deny, networks, allow_empty, required, zone, connect_timeout, read_timeout, path, domain, record, port, "
      "servers, token_file, datacenter, namespace, port_name, label, prefix, register, service_name, advertise");
  check(begin + "path = \"/x\"\n", "f.toml:3:1: error: discovery.x.type: missing; write one of web, paper");
  check(begin + "type = \"pape\"\n",
        "f.toml:4:8: error: discovery.x.type: unknown value 'pape'; did you mean 'paper'?");
}

TEST_CASE("mistakes in sources are told with their places") {
  std::string const begin = std::string(order_of_x) + "[discovery.x]\ntype = \"paper\"\npath = \"/x\"\n";
  check(begin + "networks = [\"10.0.0.1/8\"]",
        "f.toml:6:13: error: discovery.x.networks: '10.0.0.1/8' has bits behind the first 8; write 10.0.0.1 alone, or "
        "the network's first address");
  check(begin + "refresh = \"1ms\"", "f.toml:6:11: error: discovery.x.refresh: 1ms is out of bounds; write 1s to 24h");
  check(std::string(order) + "[discovery.\"a b\"]\ntype = \"paper\"\npath = \"/x\"\n",
        "f.toml:3:12: error: discovery.a b: such a name has letters, digits, '_' and '-' only, 1 to 63 of them");
  check(std::string(order) + "discovery = 1",
        "f.toml:3:13: error: services.order.discovery: must be a string, not a whole number");
  for (std::string const url : {"h:80", "ftp://h", "http://", "http://h?x=1", "http://h:0"}) {
    CAPTURE(url);
    check(std::string(order) + "[discovery.x]\ntype = \"web\"\nurls = [\"" + url + "\"]",
          "f.toml:5:9: error: discovery.x.urls: '" + url + "' is not a base URL; write \"http://host:8761/eureka\"");
  }
}

TEST_CASE("what one key of a source asks of another is checked") {
  auto const check_alone = [](std::string_view keys, std::string_view expected) {
    auto const read = gw::config::load_text(std::string(order) + "[discovery.x]\n" + std::string(keys), "f.toml");
    CHECK(gw::testing::problems_of(read) == std::string(expected) + "\n");
  };
  check_alone("type = \"dns\"\nrecord = \"a\"",
              "f.toml:5:10: error: discovery.x.port: missing; an address record has no port, write port = 8080");
  check_alone(
      "register = true\nadvertise = \"h:1\"",
      "f.toml:4:12: error: discovery.x.service_name: missing; write the name under which the gateway shall be listed");
  check_alone("register = true\nservice_name = \"gw\"",
              "f.toml:4:12: error: discovery.x.advertise: missing; write the \"host:port\" at which clients reach this "
              "gateway");
  check_alone("domain = \"internal\"",
              "f.toml:4:10: error: discovery.x.domain: 'internal' has no {service}; write "
              "\"{service}.default.svc.cluster.local\"");
}
