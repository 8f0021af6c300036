#include "config/load.hpp"

#include "testing/catch.hpp"

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <string>

using namespace std::chrono_literals;

namespace {

using gw::config::load_text;

constexpr std::string_view order = "[services.order]\ninstances = [\"127.0.0.1:9001\"]\n";

/// All problems, one a line, without the source lines.
std::string problems_of(std::string_view toml, gw::config::outside_knowledge const& outside = {}) {
  std::string shown;
  for (auto const& p : load_text(toml, "f.toml", outside).problems) {
    auto const text = format(p);
    shown += text.substr(0, text.find('\n')) + "\n";
  }
  return shown;
}

gw::config::config good(std::string_view toml) {
  auto const result = load_text(toml, "f.toml");
  for (auto const& p : result.problems) UNSCOPED_INFO(format(p));
  REQUIRE(result.problems.empty());
  return result.value;
}

}  // namespace

TEST_CASE("the smallest useful file leaves every default in place") {
  auto const c = good(order);
  REQUIRE(c.listeners.size() == 1);
  CHECK(c.listeners[0].name == "public");
  CHECK(c.listeners[0].bind == "0.0.0.0:8080");
  CHECK(c.listeners[0].ws_paths == std::vector<std::string>{"/ws", "/ws/**"});
  CHECK(c.listeners[0].handshake_timeout == 10s);
  CHECK(c.listeners[0].header_limit == 16'384);
  CHECK(c.url_rule.field == "/method");
  CHECK(c.url_rule.pattern == "/api/v{version}/{service}/{path:**}");
  CHECK(c.session.max_message == 1'048'576);
  CHECK(c.session.queue.high == 1'048'576);
  CHECK(c.session.queue.low == 262'144);
  CHECK(c.session.max_channels == 16);
  CHECK(c.channel.connect_timeout == 3s);
  CHECK(c.channel.open_timeout == 8s);
  CHECK(c.channel.hold == 65'536);
  CHECK(c.channel.queue.high == 524'288);
  CHECK(c.channel.queue.low == 131'072);
  CHECK(c.balancer.policy == "least_loaded");
  CHECK(c.admin.bind == "127.0.0.1:9900");
  CHECK(c.health.bind.empty());
  CHECK(c.log.access == "stdout");
  CHECK(c.shutdown.drain == 20s);
  REQUIRE(c.services.size() == 1);
  CHECK(c.services[0].name == "order");
  CHECK(c.services[0].instances == std::vector<gw::config::instance>{{.host = "127.0.0.1", .port = 9001}});
}

// tidy: long function: one whole configuration
TEST_CASE("every key can be set") {
  auto const c = good(R"(
config_version = 1
workers = 3
[[listener]]
name = "a"
bind = "[::]:8081"
ws_paths = ["/x"]
hosts = ["example.com"]
origins = ["https://app.example.com", "*"]
subprotocols = ["chat.v2"]
max_sessions = 7
handshake_timeout = "3s"
header_limit = "8KiB"
[[listener]]
name = "b"
bind = "unix:/run/ws.sock"
[url_rule]
enabled = false
field = "/topic"
pattern = "/{service}"
validate = "grammar"
lenient = "off"
[session]
max_message = "2MiB"
queue = { high = "64KiB", low = "16KiB" }
max_channels = 4
[channel]
connect_timeout = "1s"
handshake_timeout = "2s"
open_timeout = "4s"
connect_retries = 0
max_message = "3MiB"
hold = "0"
queue.high = "128KiB"
queue.low = "1KiB"
on_close = "close-client"
forward_headers = ["*", "!cookie"]
[balancer]
policy = "least_loaded"
[services.chat]
instances = ["chat.internal:9101", { addr = "[::1]:9102", weight = 2, zone = "a" }]
path = "/up"
host = "chat.example.com"
subprotocol = "chat.v2"
on_close = "silent"
queue.high = "256KiB"
[health]
bind = "127.0.0.1:9901"
[admin]
bind = ""
[log]
level = "debug"
format = "json"
access = "/var/log/wsgw.log"
[shutdown]
drain = "1m"
)");
  CHECK(c.workers == 3);
  REQUIRE(c.listeners.size() == 2);
  CHECK(c.listeners[0].name == "a");
  CHECK(c.listeners[0].bind == "[::]:8081");
  CHECK(c.listeners[0].ws_paths == std::vector<std::string>{"/x"});
  CHECK(c.listeners[0].hosts == std::vector<std::string>{"example.com"});
  CHECK(c.listeners[0].origins.size() == 2);
  CHECK(c.listeners[0].subprotocols == std::vector<std::string>{"chat.v2"});
  CHECK(c.listeners[0].max_sessions == 7);
  CHECK(c.listeners[0].handshake_timeout == 3s);
  CHECK(c.listeners[0].header_limit == 8'192);
  CHECK(c.listeners[1].bind == "unix:/run/ws.sock");
  CHECK_FALSE(c.url_rule.enabled);
  CHECK(c.url_rule.field == "/topic");
  CHECK(c.url_rule.pattern == "/{service}");
  CHECK(c.url_rule.validate == gw::config::validation::grammar);
  CHECK(c.url_rule.lenient == gw::config::leniency::off);
  CHECK(c.session.max_message == 2'097'152);
  CHECK(c.session.queue.high == 65'536);
  CHECK(c.session.queue.low == 16'384);
  CHECK(c.session.max_channels == 4);
  CHECK(c.channel.connect_timeout == 1s);
  CHECK(c.channel.handshake_timeout == 2s);
  CHECK(c.channel.open_timeout == 4s);
  CHECK(c.channel.connect_retries == 0);
  CHECK(c.channel.max_message == 3'145'728);
  CHECK(c.channel.hold == 0);
  CHECK(c.channel.queue.high == 131'072);
  CHECK(c.channel.queue.low == 1'024);
  CHECK(c.channel.on_close == gw::config::on_close::close_client);
  CHECK(c.channel.forward_headers == std::vector<std::string>{"*", "!cookie"});
  REQUIRE(c.services.size() == 1);
  auto const& chat = c.services[0];
  CHECK(chat.instances == std::vector<gw::config::instance>{
                              {.host = "chat.internal", .port = 9101},
                              {.host = "::1", .port = 9102, .weight = 2, .zone = "a"},
                          });
  CHECK(chat.path == "/up");
  CHECK(chat.host == "chat.example.com");
  CHECK(chat.subprotocol == "chat.v2");
  CHECK(chat.channel.on_close == gw::config::on_close::silent);
  CHECK(chat.channel.queue.high == 262'144);
  CHECK(c.health.bind == "127.0.0.1:9901");
  CHECK(c.admin.bind.empty());
  CHECK(c.log.level == gw::config::log_level::debug);
  CHECK(c.log.format == gw::config::log_format::json);
  CHECK(c.log.access == "/var/log/wsgw.log");
  CHECK(c.shutdown.drain == 1min);
}

TEST_CASE("a service takes over what the table channel says, wherever it stands, and overrides what it says itself") {
  auto const c = good(R"(
[services.a]
instances = ["h:1"]
connect_retries = 5
[services.b]
instances = ["h:2"]
[channel]
connect_retries = 1
hold = "1KiB"
)");
  REQUIRE(c.services.size() == 2);
  CHECK(c.services[0].channel.connect_retries == 5);
  CHECK(c.services[0].channel.hold == 1'024);
  CHECK(c.services[1].channel.connect_retries == 1);
  CHECK(c.channel.connect_retries == 1);
}

// tidy: long function: a table of mistakes
TEST_CASE("every mistake is told with its place and how to fix it") {
  // What follows the mistake is a good service, so that the mistake is the only one.
  auto const check = [](std::string_view toml, std::string_view expected) {
    CHECK(problems_of(std::string(toml) + "\n" + std::string(order)) == std::string(expected) + "\n");
  };
  check("worker = 2", "f.toml:1:1: error: worker: unknown key; did you mean 'workers'?");
  check("spin = \"0\"",
        "f.toml:1:1: error: spin: unknown key; known here: config_version, workers, listener, url_rule, session, "
        "channel, balancer, services, health, admin, log, shutdown");
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
        "f.toml:4:8: error: admin.bind: '127.0.0.1:9900' is taken by listener.bind; choose another");
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
  check("[session]\nping_interval = \"5s\"",
        "f.toml:2:1: error: session.ping_interval: unknown key; known here: max_message, queue, max_channels");
  check("[session]\nqueue = \"1MiB\"", "f.toml:2:9: error: session.queue: must be a table of high, low");
  check("[session]\nqueue = { high = \"1KiB\", low = \"1KiB\" }",
        "f.toml:2:32: error: session.queue.low: low (1KiB) must be below high (1KiB)");
  check("[session]\nqueue.high = \"1KiB\"",
        "f.toml:2:14: error: session.queue.low: low (256KiB) must be below high (1KiB)");
  check("[session]\nqueue.\"high.\" = 1", "f.toml:2:7: error: session.queue.high.: unknown key; did you mean 'high'?");
  check("[session]\n\"queue.high\" = \"2MiB\"",
        "f.toml:2:1: error: session.queue.high: unknown key; known here: max_message, queue, max_channels");
  check("[channel]\nconnect_timeout = 3",
        "f.toml:2:19: error: channel.connect_timeout: '3' needs a unit; write \"3ms\", \"3s\", \"3m\" or \"3h\"");
  check("[channel]\nconnect_timeout = \"1h\"",
        "f.toml:2:19: error: channel.connect_timeout: 1h is out of bounds; write 1ms to 5m");
  check("[channel]\nhold = 0", "f.toml:2:8: error: channel.hold: must be a string; write \"0\"");
  check("[channel]\nforward_headers = [\"a b\"]",
        "f.toml:2:20: error: channel.forward_headers: 'a b' is not a header; write \"*\", \"name\" or \"!name\"");
  check("[services]\ngateway.instances = [\"h:1\"]",
        "f.toml:2:1: error: services.gateway: the name 'gateway' is reserved for the gateway itself; choose another");
  check("services.x = 3", "f.toml:1:14: error: services.x: must be a table; write [services.x]");
  check("[log]\nlevel = \"warning\"",
        "f.toml:2:9: error: log.level: unknown value 'warning'; write one of trace, debug, info, warn, error");
}

TEST_CASE("mistakes in services are told with their places") {
  auto const check = [](std::string_view toml, std::string_view expected) {
    CHECK(problems_of(toml) == std::string(expected) + "\n");
  };
  check("", "f.toml: error: services: no service; write [services.NAME] with instances = [\"host:port\"]");
  check("services = 1", "f.toml:1:12: error: services: must be tables by name; write [services.NAME]");
  check("[services.a]", "f.toml:1:1: error: services.a.instances: missing; write instances = [\"host:port\"]");
  check("[services.a]\ninstances = []", "f.toml:2:13: error: services.a.instances: is empty; write [\"host:port\"]");
  check("[services.a]\ninstances = \"h:1\"",
        "f.toml:2:13: error: services.a.instances: must be a list of addresses, not a string");
  check("[services.a]\ninstances = [\"h:1\", \"h\"]",
        "f.toml:2:21: error: services.a.instances: 'h' is not an address; write \"host:9001\" or \"[::1]:9001\"");
  check("[services.a]\ninstances = [\"h:0\"]",
        "f.toml:2:14: error: services.a.instances: '0' is not a port; write a number from 1 to 65535");
  check("[services.a]\ninstances = [\"h:65536\"]",
        "f.toml:2:14: error: services.a.instances: '65536' is not a port; write a number from 1 to 65535");
  check("[services.a]\ninstances = [\"300.1.1.1:80\"]",
        "f.toml:2:14: error: services.a.instances: '300.1.1.1' is neither a host name nor an IPv4 address");
  check("[services.a]\ninstances = [\"::1:80\"]",
        "f.toml:2:14: error: services.a.instances: '::1:80' is not an address; write \"host:9001\" or \"[::1]:9001\"");
  check("[services.a]\ninstances = [\"[::g]:80\"]",
        "f.toml:2:14: error: services.a.instances: '::g' is neither a host name nor an IPv6 address");
  check("[services.a]\ninstances = [\"h:1\", \"h:1\"]",
        "f.toml:2:21: error: services.a.instances: 'h:1' is listed twice");
  check("[services.a]\ninstances = [{ adr = \"h:1\", addr = \"h:2\" }]",
        "f.toml:2:16: error: services.a.instances: unknown key 'adr'; did you mean 'addr'?");
  check("[services.a]\ninstances = [{ weight = 2 }]",
        "f.toml:2:14: error: services.a.instances: has no address; write { addr = \"host:port\" }");
  check("[services.a]\ninstances = [{ addr = \"h:1\", weight = 0 }]",
        "f.toml:2:39: error: services.a.instances: 0 is out of bounds; write 1 to 1000");
  check(
      "[services.a]\ninstances = [7]",
      "f.toml:2:14: error: services.a.instances: must be \"host:port\" or { addr, weight, zone }, not a whole number");
  check("[services.a]\ninstances = [\"h:1\"]\nqueue.low = \"1MiB\"",
        "f.toml:3:13: error: services.a.queue.low: low (1MiB) must be below high (512KiB)");
  check("[services.a]\ninstances = [\"h:1\"]\nupstreams = []",
        "f.toml:3:1: error: services.a.upstreams: unknown key; did you mean 'instances'?");
  check("[services.\"a..b\"]\ninstances = [\"h:1\"]", "f.toml:1:11: error: services.a..b: a service name has no '..'");
  check("[services.-a]\ninstances = [\"h:1\"]",
        "f.toml:1:11: error: services.-a: a service name begins with a letter or digit and has letters, digits, '.', "
        "'_' and '-' only");
}

TEST_CASE("all problems of a file are told at once, in the order of the text") {
  auto const result = load_text(R"(workers = "x"
[[listener]]
bind = "8080"
nmae = "a"
[session]
max_message = 5
[services.order]
instances = ["h"]
[channel]
on_close = "shout"
)",
                                "six.toml");
  REQUIRE(result.problems.size() == 6);
  std::string places;
  for (auto const& p : result.problems) places += p.key + ":" + std::to_string(p.line) + " ";
  CHECK(places ==
        "workers:1 listener.bind:3 listener.nmae:4 session.max_message:6 services.order.instances:8 "
        "channel.on_close:10 ");
}

TEST_CASE("a syntax error is told with its place and is the only problem") {
  CHECK(problems_of("workers = 1\nbind = \nx = 3") ==
        "f.toml:2:8: error: Error while parsing key-value pair: expected value, saw '\\n'\n");
  CHECK(problems_of("a = 1979-05-27Tnoon").starts_with("f.toml:1:5: error: "));
  CHECK(problems_of("a = 1\na = 2").starts_with("f.toml:2:5: error: "));
}

TEST_CASE("what only higher layers know is asked of them") {
  gw::config::outside_knowledge const outside{
      .judge_pattern = [](std::string_view pattern) -> std::optional<gw::config::outside_knowledge::pattern_fault> {
        if (pattern != "/{x") return std::nullopt;
        return {{1, "'{' without '}'"}};
      },
      .balancers = {"least_loaded", "random"},
      .services_elsewhere = true,
  };
  CHECK(problems_of("", outside).empty());
  CHECK(problems_of("[url_rule]\npattern = \"/{x\"", outside) ==
        "f.toml:2:13: error: url_rule.pattern: '{' without '}'\n");
  CHECK(problems_of("[balancer]\npolicy = \"randon\"", outside) ==
        "f.toml:2:10: error: balancer.policy: unknown value 'randon'; did you mean 'random'?\n");
  CHECK(problems_of("[balancer]\npolicy = \"hash\"", outside) ==
        "f.toml:2:10: error: balancer.policy: unknown value 'hash'; write one of least_loaded, random\n");
}

TEST_CASE("a file that cannot be read is a problem of its own") {
  auto const folder = std::filesystem::temp_directory_path();
  auto const missing = (folder / "wsgw-no-such-file.toml").string();
  auto const result = gw::config::load_file(missing);
  REQUIRE(result.problems.size() == 1);
  CHECK(format(result.problems[0]) == missing + ": error: cannot be read: No such file or directory");
  CHECK(gw::config::load_file(folder.string()).problems.size() == 1);
}

TEST_CASE("the flag service adds a service or replaces the instances of one") {
  auto c = good(std::string(order) + "[channel]\nconnect_retries = 7\n");
  CHECK(add_service_flag(c, "chat=127.0.0.1:9101,chat.internal:9102").empty());
  CHECK(add_service_flag(c, "order=[::1]:9003").empty());
  REQUIRE(c.services.size() == 2);
  CHECK(c.services[0].name == "chat");
  CHECK(c.services[0].instances.size() == 2);
  CHECK(c.services[0].channel.connect_retries == 7);
  CHECK(c.services[1].instances == std::vector<gw::config::instance>{{.host = "::1", .port = 9003}});

  auto const check = [&c](std::string_view flag, std::string_view expected) {
    auto const problems = add_service_flag(c, flag);
    REQUIRE(problems.size() == 1);
    CHECK(format(problems[0]) == expected);
  };
  check("chat", "--service: error: 'chat' has no '='; write NAME=HOST:PORT,HOST:PORT\n      | chat\n      | ^");
  check("x=h:1,h:0",
        "--service: error: services.x: '0' is not a port; write a number from 1 to 65535\n      | x=h:1,h:0\n      |   "
        "    ^");
  CHECK(add_service_flag(c, "gateway=h,").size() == 3);
  CHECK(c.services.size() == 2);
}

TEST_CASE("the flag listen moves the first listener") {
  auto c = good(order);
  CHECK(set_listen_flag(c, "127.0.0.1:0").empty());
  CHECK(c.listeners[0].bind == "127.0.0.1:0");
  CHECK(set_listen_flag(c, "x").size() == 1);
  CHECK(c.listeners[0].bind == "127.0.0.1:0");
}
