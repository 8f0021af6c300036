#include "config/load.hpp"

#include "testing/catch.hpp"
#include "testing/config_world.hpp"

#include <map>
#include <string>

using namespace std::chrono_literals;

namespace {

using gw::config::load_text;
using gw::testing::problems_of;
using gw::testing::world_of;

constexpr std::string_view order = "[services.order]\ninstances = [\"127.0.0.1:9001\"]\n";

gw::config::config good(std::string_view toml) {
  auto const result = load_text(toml, "f.toml", gw::testing::pem_everywhere());
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
  CHECK(c.listeners[0].compression == gw::config::compression::off);
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
memory = "512MiB"
name = "gw-3"
zone = "eu-1"
[[listener]]
name = "a"
bind = "[::]:8081"
ws_paths = ["/x"]
hosts = ["example.com"]
origins = ["https://app.example.com", "*"]
subprotocols = ["chat.v2"]
trusted_proxies = ["10.0.0.0/8", "::1"]
max_sessions = 7
max_sessions_per_ip = 2
handshake_timeout = "3s"
header_limit = "8KiB"
compression = "on"
tls = { cert = "chain.pem", key = "key.pem", min_version = "1.3", client_ca = "ca.pem" }
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
ping_interval = "0"
pong_timeout = "0"
max_message = "2MiB"
queue = { high = "64KiB", low = "16KiB", stall = "5s" }
memory = "4MiB"
bad_messages = "5/s"
max_channels = 4
idle_timeout = "1h"
max_life = "24h"
[channel]
ping_interval = "7s"
pong_timeout = "3s"
connect_timeout = "1s"
handshake_timeout = "2s"
open_timeout = "4s"
connect_retries = 0
max_message = "3MiB"
hold = "0"
queue.high = "128KiB"
queue.low = "1KiB"
queue.pause_limit = "2s"
idle_timeout = "9m"
on_close = "close-client"
forward_headers = ["*", "!cookie"]
[balancer]
policy = "least_loaded"
slow_start = "30s"
eject = { failures = 3, for = "1m", max_percent = 25 }
panic_percent = 30
[services.chat]
instances = ["chat.internal:9101", { addr = "[::1]:9102", weight = 2, zone = "a" },
  { addr = "old:9103", metadata = { version = "1", "built by" = "x" }, draining = true }]
path = "/up"
host = "chat.example.com"
subprotocol = "chat.v2"
balancer = "random"
hash_on = "cookie:id"
rehome = "10%/min"
rehome_quiet = "7s"
only = { version = "2" }
subset = 20
canary = { where = { track = "new" }, percent = 7 }
circuit = { failure_rate = "50%", window = "20s", min_dials = 5, open_for = "3s" }
health = { http = "/up", interval = "4s", timeout = "1s", rise = 2, fall = 3 }
tls = { enabled = true, verify = false, ca = "ca.pem", cert = "chain.pem", key = "key.pem" }
on_close = "silent"
ping_interval = "1s"
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
ready_delay = "2s"
drain = "1m"
)");
  CHECK(c.memory == gw::config::memory_limit{.bytes = 536'870'912, .percent = 0});
  CHECK(c.name == "gw-3");
  CHECK(c.zone == "eu-1");
  CHECK(c.listeners[0].trusted_proxies == std::vector<std::string>{"10.0.0.0/8", "::1"});
  CHECK(c.listeners[0].max_sessions_per_ip == 2);
  CHECK(c.listeners[0].tls.enabled());
  CHECK(c.listeners[0].tls.key == "key.pem");
  CHECK(c.listeners[0].tls.min_version == "1.3");
  CHECK(c.listeners[0].tls.client_ca == "ca.pem");
  CHECK_FALSE(c.listeners[1].tls.enabled());
  CHECK(c.session.ping_interval == 0s);
  CHECK(c.session.pong_timeout == 0s);
  CHECK(c.session.stall == 5s);
  CHECK(c.session.memory == 4'194'304);
  CHECK(c.session.bad_messages == gw::rate{5, 1s});
  CHECK(c.session.idle_timeout == 1h);
  CHECK(c.session.max_life == 24h);
  CHECK(c.channel.ping_interval == 7s);
  CHECK(c.channel.pong_timeout == 3s);
  CHECK(c.channel.pause_limit == 2s);
  CHECK(c.channel.idle_timeout == 9min);
  CHECK(c.balancer.slow_start == 30s);
  CHECK(c.balancer.eject_failures == 3);
  CHECK(c.balancer.eject_for == 1min);
  CHECK(c.balancer.eject_max_percent == 25);
  CHECK(c.balancer.panic_percent == 30);
  CHECK(c.shutdown.ready_delay == 2s);
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
  CHECK(c.listeners[0].compression == gw::config::compression::on);
  CHECK(c.listeners[1].compression == gw::config::compression::off);
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
  CHECK(chat.instances ==
        std::vector<gw::config::instance>{
            {.host = "chat.internal", .port = 9101},
            {.host = "::1", .port = 9102, .weight = 2, .zone = "a"},
            {.host = "old", .port = 9103, .metadata = {{"built by", "x"}, {"version", "1"}}, .draining = true},
        });
  CHECK(chat.path == "/up");
  CHECK(chat.host == "chat.example.com");
  CHECK(chat.subprotocol == "chat.v2");
  CHECK(chat.balancer == "random");
  CHECK(chat.hash_on == "cookie:id");
  CHECK(chat.rehome == gw::rate{10, 1min});
  CHECK(chat.rehome_quiet == 7s);
  CHECK(chat.only == gw::config::metadata{{"version", "2"}});
  CHECK(chat.subset == 20);
  CHECK(chat.canary.where == gw::config::metadata{{"track", "new"}});
  CHECK(chat.canary.percent == 7);
  CHECK(chat.circuit.failure_rate == 50);
  CHECK(chat.circuit.window == 20s);
  CHECK(chat.circuit.min_dials == 5);
  CHECK(chat.circuit.open_for == 3s);
  CHECK(chat.health.http == "/up");
  CHECK(chat.health.interval == 4s);
  CHECK(chat.health.timeout == 1s);
  CHECK(chat.health.rise == 2);
  CHECK(chat.health.fall == 3);
  CHECK(chat.tls.enabled);
  CHECK_FALSE(chat.tls.verify);
  CHECK(chat.tls.ca == "ca.pem");
  CHECK(chat.tls.cert == "chain.pem");
  CHECK(chat.tls.key == "key.pem");
  CHECK(chat.channel.ping_interval == 1s);
  CHECK(chat.channel.pong_timeout == 3s);
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
      .judge_pattern = [](std::string_view pattern) -> std::optional<gw::text_fault> {
        if (pattern != "/{x") return std::nullopt;
        return {{1, "'{' without '}'"}};
      },
      .balancers = {"least_loaded", "random"},
  };
  auto const check = [&outside](std::string_view toml, std::string_view expected) {
    CHECK(problems_of(std::string(toml) + "\n" + std::string(order), outside) == std::string(expected) + "\n");
  };
  check("[url_rule]\npattern = \"/{x\"", "f.toml:2:13: error: url_rule.pattern: '{' without '}'");
  check("[balancer]\npolicy = \"randon\"",
        "f.toml:2:10: error: balancer.policy: unknown value 'randon'; did you mean 'random'?");
  check("[balancer]\npolicy = \"hash\"",
        "f.toml:2:10: error: balancer.policy: unknown value 'hash'; write one of least_loaded, random");
  check("[services.\"a.b\"]\ninstances = [\"h:1\"]\nbalancer = \"randon\"",
        "f.toml:3:12: error: services.a.b.balancer: unknown value 'randon'; did you mean 'random'?");
}

TEST_CASE("a service whose channel is told to be wrong is not told again for what it inherits") {
  CHECK(problems_of(std::string(order) + "[channel]\nqueue.high = \"1KiB\"\npong_timeout = \"0\"") ==
        "f.toml:4:14: error: channel.queue.low: low (128KiB) must be below high (1KiB)\n"
        "f.toml:5:16: error: channel.pong_timeout: 0 leaves no time for a pong; write \"10s\", or ping_interval = "
        "\"0\" for no pings\n");
}

TEST_CASE("a configuration tells where its rules and services stand") {
  auto const outside = world_of({{"a.toml", "include = [\"b.toml\"]\n[[rule]]\nid = \"x\"\nservice = \"order\"\n"},
                                 {"b.toml", "\n[services.order]\ninstances = [\"h:1\"]\n"}});
  gw::config::overlay const flag{gw::config::overlay::form::service, "--service", "chat=h:2"};
  auto const read = gw::config::load({.files = {"a.toml"}, .overlays = {flag}}, outside);
  CHECK(problems_of(read).empty());
  CHECK(read.places == std::map<std::string, std::string>{
                           {"rule.x", "a.toml:2"}, {"services.chat", "--service"}, {"services.order", "b.toml:2"}});
}
