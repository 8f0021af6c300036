// One row for every mistake a file can make: what it is told, and where.
#include "config/load.hpp"

#include "testing/catch.hpp"
#include "testing/config_world.hpp"

#include <string>

namespace {

using gw::testing::problems_of;

constexpr std::string_view order = "[services.order]\ninstances = [\"127.0.0.1:9001\"]\n";

/// What follows the mistake is a good service, so that the mistake is the only one.
void check(std::string_view toml, std::string_view expected) {
  CHECK(problems_of(std::string(toml) + "\n" + std::string(order)) == std::string(expected) + "\n");
}

}  // namespace

// tidy: long function: a table of mistakes
TEST_CASE("every mistake is told with its place and how to fix it") {
  check("worker = 2", "f.toml:1:1: error: worker: unknown key; did you mean 'workers'?");
  check(
      "hurry = \"0\"",
      "f.toml:1:1: error: hurry: unknown key; known here: config_version, include, workers, spin, memory, name, zone, "
      "listener, url_rule, rule, route, session, channel, balancer, services, discovery, health, admin, log, "
      "shutdown");
  check("[sesion]\nx = 1", "f.toml:1:2: error: sesion: unknown key; did you mean 'session'?");
  check("config_version = 2", "f.toml:1:18: error: config_version: 2 is out of bounds; write 1 to 1");
  check("workers = \"two\"", "f.toml:1:11: error: workers: must be a whole number, not a string");
  check("workers = -1", "f.toml:1:11: error: workers: -1 is out of bounds; write 0 to 1024");
  check("workers = 1.5", "f.toml:1:11: error: workers: must be a whole number, not a fraction");
  check("workers = 1979-05-27", "f.toml:1:11: error: workers: must be a whole number, not a date or time");
  check("[listener]\nname = \"x\"", "f.toml:1:1: error: listener: must be a list of tables; write [[listener]]");
  check("listener = []", "f.toml:1:12: error: listener: is empty; write [[listener]], or leave it out");
  check("listener = [1]", "f.toml:1:13: error: listener: must be one table; write [listener]");
  check("[[session]]", "f.toml:1:1: error: session: must be one table; write [session]");
  check("[[listener]]\nadress = \"x\"", "f.toml:2:1: error: listener.adress: unknown key; did you mean 'bind'?");
  check("[[listener]]\nbind = \"8080\"",
        "f.toml:2:8: error: listener.bind: '8080' is not an address; write \"0.0.0.0:8080\", \"[::]:8080\" or "
        "\"unix:/path\"");
  check("[[listener]]\nbind = \":80\"",
        "f.toml:2:8: error: listener.bind: ':80' names no address; write \"0.0.0.0:80\" or \"[::]:80\"");
  check("[[listener]]\nbind = \"localhost:80\"",
        "f.toml:2:8: error: listener.bind: 'localhost' is not an IPv4 address; names are not resolved here, write "
        "\"0.0.0.0:8080\"");
  check("[[listener]]\nbind = \"unix:x.sock\"",
        "f.toml:2:8: error: listener.bind: 'unix:x.sock' needs an absolute path; write \"unix:/run/x.sock\"");
  check("[[listener]]\nname = \"a\"\nbind=\"[::]:1\"\n[[listener]]\nname = \"a\"\nbind=\"[::]:2\"",
        "f.toml:5:8: error: listener.name: 'a' is already the name of another listener; choose another");
  check("[[listener]]\nbind = \"[::]:1\"\n[[listener]]\nbind=\"[::]:2\"",
        "f.toml:3:1: error: listener.name: 'public' is already the name of another listener; choose another");
  check("[[listener]]\nbind = \"127.0.0.1:9900\"\n[admin]\nbind = \"127.0.0.1:9900\"",
        "f.toml:4:8: error: admin.bind: '127.0.0.1:9900' is taken by listener 'public' (f.toml:2); choose "
        "another");
  check("[[listener]]\nbind = \"[::]:1\"\n[[listener]]\nname = \"b\"\nbind=\"[::]:1\"",
        "f.toml:5:6: error: listener.bind: '[::]:1' is taken by listener 'public' (f.toml:2); choose another");
  check("[[listener]]\nname = \"a\"\n[[listener]]\nname = \"b\"",
        "f.toml:3:1: error: listener.bind: '0.0.0.0:8080' is taken by listener 'a' (f.toml:1); choose another");
  check("[health]\nbind = \"127.0.0.1:9900\"",
        "f.toml: error: admin.bind: '127.0.0.1:9900' is taken by [health] (f.toml:2); choose another");
  check("[[listener]]\nws_paths = [\"/ws\", \"ws\"]",
        "f.toml:2:20: error: listener.ws_paths: 'ws' must begin with '/'");
  check("[[listener]]\norigins = [\"example.com\"]",
        "f.toml:2:12: error: listener.origins: 'example.com' is not an origin; write \"https://app.example.com\" or "
        "\"*\"");
  check("[[listener]]\nhosts = \"example.com\"",
        "f.toml:2:9: error: listener.hosts: must be a list of strings, not a string");
  check("[url_rule]\nenabled = 1", "f.toml:2:11: error: url_rule.enabled: must be true or false, not a whole number");
  check("[url_rule]\nvalidate = \"gramar\"",
        "f.toml:2:12: error: url_rule.validate: unknown value 'gramar'; did you mean 'grammar'?");
  check("[url_rule]\nlenient = \"yes\"",
        "f.toml:2:11: error: url_rule.lenient: unknown value 'yes'; write one of auto, off");
  check("[url_rule]\nfield = \"method\"",
        "f.toml:2:9: error: url_rule.field: 'method' must be a JSON Pointer to a member at top level; write "
        "\"/method\"");
  check("[session]\nmax_message = 10",
        "f.toml:2:15: error: session.max_message: '10' needs a unit; write \"10B\", \"10KiB\" or \"10MB\"");
  check("[session]\ncompression = \"on\"",
        "f.toml:2:1: error: session.compression: unknown key; known here: ping_interval, pong_timeout, max_message, "
        "queue, memory, bad_messages, max_channels, idle_timeout, max_life");
  check("[session]\nqueue = \"1MiB\"", "f.toml:2:9: error: session.queue: must be a table of high, low, stall");
  check("[session]\nqueue = { high = \"1KiB\", low = \"1KiB\" }",
        "f.toml:2:32: error: session.queue.low: low (1KiB) must be below high (1KiB)");
  check("[session]\nqueue.high = \"1KiB\"",
        "f.toml:2:14: error: session.queue.low: low (256KiB) must be below high (1KiB)");
  check("[session]\nqueue.\"high.\" = 1", "f.toml:2:7: error: session.queue.high.: unknown key; did you mean 'high'?");
  check("[session]\n\"queue.high\" = \"2MiB\"",
        "f.toml:2:1: error: session.queue.high: unknown key; known here: ping_interval, pong_timeout, max_message, "
        "queue, memory, bad_messages, max_channels, idle_timeout, max_life");
  check("[channel]\nconnect_timeout = 3",
        "f.toml:2:19: error: channel.connect_timeout: '3' needs a unit; write \"3ms\", \"3s\", \"3m\" or \"3h\"");
  check("[channel]\nconnect_timeout = \"1h\"",
        "f.toml:2:19: error: channel.connect_timeout: 1h is out of bounds; write 1ms to 5m");
  check("[channel]\nforward_headers = [\"a b\"]",
        "f.toml:2:20: error: channel.forward_headers: 'a b' is not a header; write \"*\", \"name\" or \"!name\"");
  check("[services]\ngateway.instances = [\"h:1\"]",
        "f.toml:2:1: error: services.gateway: the name 'gateway' is reserved for the gateway itself; choose another");
  check("services.x = 3", "f.toml:1:14: error: services.x: must be a table; write [services.x]");
  check("[log]\nlevel = \"warning\"",
        "f.toml:2:9: error: log.level: unknown value 'warning'; write one of trace, debug, info, warn, error");
}

TEST_CASE("mistakes in services are told with their places") {
  auto const check_alone = [](std::string_view toml, std::string_view expected) {
    CHECK(problems_of(toml) == std::string(expected) + "\n");
  };
  check_alone("", "f.toml: error: services: no service; write [services.NAME] with instances = [\"host:port\"]");
  check_alone("services = 1", "f.toml:1:12: error: services: must be tables by name; write [services.NAME]");
  check_alone(
      "[services.a]",
      "f.toml:1:1: error: services.a.instances: missing; write instances = [\"host:port\"], or discovery = \"NAME\"");
  check_alone("[services.a]\ninstances = []",
              "f.toml:2:13: error: services.a.instances: is empty; write [\"host:port\"]");
  check_alone("[services.a]\ninstances = \"h:1\"",
              "f.toml:2:13: error: services.a.instances: must be a list of addresses, not a string");
  check_alone("[services.a]\ninstances = [\"h:1\", \"h\"]",
              "f.toml:2:21: error: services.a.instances: 'h' is not an address; write \"host:9001\" or \"[::1]:9001\"");
  check_alone("[services.a]\ninstances = [\"h:0\"]",
              "f.toml:2:14: error: services.a.instances: '0' is not a port; write a number from 1 to 65535");
  check_alone("[services.a]\ninstances = [\"h:65536\"]",
              "f.toml:2:14: error: services.a.instances: '65536' is not a port; write a number from 1 to 65535");
  check_alone("[services.a]\ninstances = [\"300.1.1.1:80\"]",
              "f.toml:2:14: error: services.a.instances: '300.1.1.1' is neither a host name nor an IPv4 address");
  check_alone(
      "[services.a]\ninstances = [\"::1:80\"]",
      "f.toml:2:14: error: services.a.instances: '::1:80' is not an address; write \"host:9001\" or \"[::1]:9001\"");
  check_alone("[services.a]\ninstances = [\"[::g]:80\"]",
              "f.toml:2:14: error: services.a.instances: '::g' is neither a host name nor an IPv6 address");
  check_alone("[services.a]\ninstances = [\"h:1\", \"h:1\"]",
              "f.toml:2:21: error: services.a.instances: 'h:1' is listed twice");
  check_alone("[services.a]\ninstances = [{ adr = \"h:1\", addr = \"h:2\" }]",
              "f.toml:2:16: error: services.a.instances: unknown key 'adr'; did you mean 'addr'?");
  check_alone("[services.a]\ninstances = [{ weight = 2 }]",
              "f.toml:2:14: error: services.a.instances: has no address; write { addr = \"host:port\" }");
  check_alone("[services.a]\ninstances = [{ addr = \"h:1\", weight = 0 }]",
              "f.toml:2:39: error: services.a.instances: 0 is out of bounds; write 1 to 1000");
  check_alone("[services.a]\ninstances = [7]",
              "f.toml:2:14: error: services.a.instances: must be \"host:port\" or { addr, weight, zone, metadata, "
              "draining }, not a whole number");
  check_alone("[services.a]\ninstances = [{ addr = \"h:1\", metadata = \"v2\" }]",
              "f.toml:2:41: error: services.a.instances: must be { NAME = \"TEXT\" }, not a string");
  check_alone("[services.a]\ninstances = [{ addr = \"h:1\", metadata = { version = 2 } }]",
              "f.toml:2:53: error: services.a.instances: must be a string, not a whole number");
  check_alone("[services.a]\ninstances = [\"h:1\"]\nqueue.low = \"1MiB\"",
              "f.toml:3:13: error: services.a.queue.low: low (1MiB) must be below high (512KiB)");
  check_alone("[services.a]\ninstances = [\"h:1\"]\nupstreams = []",
              "f.toml:3:1: error: services.a.upstreams: unknown key; did you mean 'instances'?");
  check_alone("[services.\"a..b\"]\ninstances = [\"h:1\"]",
              "f.toml:1:11: error: services.a..b: a service name has no '..'");
  check_alone(
      "[services.-a]\ninstances = [\"h:1\"]",
      "f.toml:1:11: error: services.-a: a service name begins with a letter or digit and has letters, digits, '.', "
      "'_' and '-' only");
}

TEST_CASE("quantities of every kind are told how to be written") {
  check("memory = \"0%\"", "f.toml:1:10: error: memory: '0%' is not a share; write \"1%\" to \"100%\"");
  check("memory = \"1.5%\"", "f.toml:1:10: error: memory: '1.5%' is not a share; write \"1%\" to \"100%\"");
  check("memory = \"1MiB\"", "f.toml:1:10: error: memory: 1MiB is out of bounds; write 64MiB to 1048576GiB");
  check("memory = 512", "f.toml:1:10: error: memory: '512' needs a unit; write \"512B\", \"512KiB\" or \"512MB\"");
  check("zone = \"a b\"", "f.toml:1:8: error: zone: must be a word without spaces");
  check("[session]\nbad_messages = 20",
        "f.toml:2:16: error: session.bad_messages: '20' needs a time; write \"20/s\" or \"20/10s\"");
  check("[session]\nbad_messages = \"20\"",
        "f.toml:2:16: error: session.bad_messages: '20' is not a rate; write \"200/s\" or \"20/10s\"");
  check("[session]\nbad_messages = \"0/s\"",
        "f.toml:2:16: error: session.bad_messages: 0 is out of bounds; write 1 to 1000000");
  check("[session]\nbad_messages = true",
        "f.toml:2:16: error: session.bad_messages: must be a rate such as \"20/10s\", not true or false");
  check("[session]\npong_timeout = \"0\"",
        "f.toml:2:16: error: session.pong_timeout: 0 leaves no time for a pong; write \"10s\", or ping_interval = "
        "\"0\" for no pings");
  check("[balancer]\neject = 5", "f.toml:2:9: error: balancer.eject: must be a table of failures, for, max_percent");
  check("[balancer]\neject.max_percent = 101",
        "f.toml:2:21: error: balancer.eject.max_percent: 101 is out of bounds; write 0 to 100");
}

TEST_CASE("mistakes about TLS and networks are told with their places") {
  check("[[listener]]\ntls.cert = \"/etc/none.pem\"\n",
        "f.toml:2:12: error: listener.tls.key: missing; a certificate needs its private key\n"
        "f.toml:2:12: error: listener.tls.cert: /etc/none.pem cannot be read: No such file or directory");
  check("[[listener]]\ntls.key = \"/etc/none.pem\"\n",
        "f.toml:2:11: error: listener.tls.cert: missing; a private key needs its certificate\n"
        "f.toml:2:11: error: listener.tls.key: /etc/none.pem cannot be read: No such file or directory");
  check("[[listener]]\ntls.client_ca = \"/dev/null\"\n",
        "f.toml:2:17: error: listener.tls.client_ca: has no effect without tls.cert and tls.key\n"
        "f.toml:2:17: error: listener.tls.client_ca: /dev/null is not a PEM file");
  check("[[listener]]\ntls.min_version = \"1.1\"",
        "f.toml:2:19: error: listener.tls.min_version: unknown value '1.1'; write one of 1.2, 1.3");
  check("[services.a]\ninstances = [\"h:1\"]\ntls.cert = \"/etc/none.pem\"\n",
        "f.toml:3:12: error: services.a.tls.key: missing; a certificate needs its private key\n"
        "f.toml:3:12: error: services.a.tls.cert: /etc/none.pem cannot be read: No such file or directory");
  check("[services.a]\ninstances = [\"h:1\"]\ntls.ca = \"/etc/none.pem\"\n",
        "f.toml:3:10: error: services.a.tls.ca: /etc/none.pem cannot be read: No such file or directory");
  check("[[listener]]\ntrusted_proxies = [\"10.0.0.1/8\"]",
        "f.toml:2:20: error: listener.trusted_proxies: '10.0.0.1/8' has bits behind the first 8; write 10.0.0.1 alone, "
        "or the network's first address");
  check("[[listener]]\ntrusted_proxies = [\"proxy\"]",
        "f.toml:2:20: error: listener.trusted_proxies: 'proxy' is not a network; write \"10.0.0.0/8\", \"fd00::/8\" "
        "or an address");
}

TEST_CASE("mistakes in how instances are chosen and watched are told with their places") {
  auto const check_service = [](std::string_view toml, std::string_view expected) {
    CHECK(problems_of("[services.a]\ninstances = [\"h:1\"]\n" + std::string(toml)) ==
          "f.toml:" + std::string(expected) + "\n");
  };
  check_service(
      "hash_on = \"ip\"",
      "3:11: error: services.a.hash_on: unknown value 'ip'; write \"client\", \"header:NAME\", \"cookie:NAME\" "
      "or \"query:NAME\"");
  CHECK(problems_of("[[listener]]\nsticky_cookie = \"place\"\n[services.a]\ninstances = [\"h:1\"]") ==
        "f.toml:2:17: error: listener.sticky_cookie: no service goes by 'place'; write hash_on = \"cookie:place\" and "
        "balancer = \"consistent_hash\" in one\n");
  CHECK(problems_of("[[listener]]\nsticky_cookie = \"a b\"\n[services.a]\ninstances = [\"h:1\"]") ==
        "f.toml:2:17: error: listener.sticky_cookie: 'a b' is no name of a cookie\n");
  CHECK(problems_of("[[listener]]\nsticky_cookie = \"b\"\n[services.a]\ninstances = [\"h:1\"]\nhash_on = "
                    "\"cookie:b\"")
            .starts_with("f.toml:2:17: error: listener.sticky_cookie: no service goes by 'b'"));
  check_service("canary = { percent = 5 }",
                "3:10: error: services.a.canary.where: is missing; write the metadata of the instances that serve some "
                "clients only, e.g. where = { version = \"2\" }");
  check_service("rehome = \"10/m\"",
                "3:10: error: services.a.rehome: '10/m' is not a share each time; write \"10%/m\" or \"1%/s\"");
  check_service("rehome = \"10%\"",
                "3:10: error: services.a.rehome: '10%' is not a share each time; write \"10%/m\" or \"1%/s\"");
  check_service("rehome = \"20000%/s\"", "3:10: error: services.a.rehome: 20000% is out of bounds; write 0% to 10000%");
  check_service("rehome = \"5%/min\"\non_close = \"close-client\"",
                "3:10: error: services.a.rehome: would end clients whose channels move; leave it, or on_close = "
                "\"close-client\"");
  check_service("hash_on = \"header:a b\"", "3:11: error: services.a.hash_on: 'a b' is no name of a header");
  check_service("circuit = { failure_rate = 0.5 }",
                "3:28: error: services.a.circuit.failure_rate: must be a share such as \"50%\", not a fraction");
  check_service("circuit = { failure_rate = \"101%\" }",
                "3:28: error: services.a.circuit.failure_rate: '101%' is not a share; write \"0%\" to \"100%\"");
  check_service("circuit.failure_rate = \"50\"",
                "3:24: error: services.a.circuit.failure_rate: '50' is not a share; write \"0%\" to \"100%\"");
  check_service("health = { tcp = true, http = \"/up\" }",
                "3:31: error: services.a.health.http: one check is enough; leave http, ws or tcp");
  check_service("health.interval = \"1ms\"",
                "3:19: error: services.a.health.interval: 1ms is out of bounds; write 100ms to 1h");
  check_service("only = [\"2\"]", "3:8: error: services.a.only: must be { NAME = \"TEXT\" }, not a list");
}
