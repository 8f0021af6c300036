// Several files, includes, variables and flags: what wins, and which text a problem is blamed on.
#include "config/gather.hpp"

#include "config/load.hpp"
#include "testing/catch.hpp"
#include "testing/config_world.hpp"

#include <filesystem>
#include <fstream>
#include <string>

using namespace std::chrono_literals;

namespace {

using gw::config::origins;
using gw::config::overlay;
using gw::testing::problems_of;
using gw::testing::world_of;
using file_map = std::map<std::string, std::string>;

constexpr auto order = "[services.order]\ninstances = [\"h:1\"]\n";

overlay set(std::string text) {
  return {overlay::form::assignment, "--set", std::move(text)};
}

gw::config::config good(origins const& from, file_map const& files, file_map const& variables = {}) {
  auto const result = load(from, world_of(files, variables));
  for (auto const& p : result.problems) UNSCOPED_INFO(format(p));
  REQUIRE(result.problems.empty());
  return result.value;
}

std::string problems(origins const& from, file_map const& files, file_map const& variables = {}) {
  return problems_of(load(from, world_of(files, variables)));
}

}  // namespace

TEST_CASE("the later file wins key by key, and lists of sections add up") {
  auto const c =
      good({.files = {"a", "b"}},
           {{"a", std::string(order) + "path = \"/a\"\nhost = \"a\"\nqueue = { high = \"2MiB\" }\n[[listener]]\n"
                                       "name = \"a\"\nbind = \"[::]:1\"\n[channel]\nhold = \"1KiB\"\n"},
            {"b",
             "[services.order]\nhost = \"b\"\nqueue = { low = \"64KiB\" }\n[services.chat]\ninstances = "
             "[\"h:2\"]\n[[listener]]\nname = \"b\"\nbind = \"[::]:2\"\n"}});
  REQUIRE(c.services.size() == 2);
  CHECK(c.services[1].path == "/a");
  CHECK(c.services[1].host == "b");
  CHECK(c.services[1].channel.queue.high == 2'097'152);
  CHECK(c.services[1].channel.queue.low == 65'536);
  CHECK(c.services[0].channel.hold == 1'024);
  REQUIRE(c.listeners.size() == 2);
  CHECK(c.listeners[0].name == "a");
  CHECK(c.listeners[1].name == "b");
}

TEST_CASE("every problem names the file it is in") {
  CHECK(
      problems({.files = {"a", "b"}}, {{"a", "workers = 1\nx = 1\n" + std::string(order)},
                                       {"b", "[services.order]\nqueue.low = \"1MiB\"\n[[rule]]\nservice = \"x\"\n"}}) ==
      "a:2:1: error: x: unknown key; known here: config_version, include, workers, spin, memory, name, zone, listener, "
      "url_rule, rule, route, session, channel, balancer, services, discovery, health, admin, log, shutdown\n"
      "b:2:13: error: services.order.queue.low: low (1MiB) must be below high (512KiB)\n"
      "b:4:11: error: rule.service: there is no service 'x'; write one of order\n");
  CHECK(problems({.files = {"a", "b"}}, {{"a", std::string(order) + "[[rule]]\nid = \"r\"\nservice = \"order\"\n"},
                                         {"b", "[[rule]]\nid = \"r\"\nservice = \"order\"\n"}}) ==
        "b:2:6: error: rule.id: 'r' is already the id of another rule; choose another\n");
  CHECK(problems({.files = {"a", "b"}}, {{"a", "x ="}}) ==
        "a:1:4: error: Error while parsing key-value pair: encountered end-of-file\n"
        "b: error: cannot be read: it is not there\n");
  CHECK(problems({.files = {"a", "./a"}}, {{"a", order}, {"./a", order}}) == "./a: error: is read already\n");
}

TEST_CASE("included files are relative to theirs, come in the order of their names, and win") {
  auto const files = file_map{{"/etc/w/a.toml",
                               "include = [\"conf.d/*.toml\"]\n[channel]\nhold = \"1KiB\"\n[session]\n"
                               "max_channels = 1\n[log]\nlevel = \"warn\"\n"},
                              {"/etc/w/conf.d/1.toml", std::string(order) + "[channel]\nhold = \"2KiB\"\n"},
                              {"/etc/w/conf.d/2.toml", "include = [\"../more/x.toml\"]\n[channel]\nhold = \"3KiB\"\n"},
                              {"/etc/w/conf.d/../more/x.toml", "[session]\nmax_channels = 9\n"}};
  auto const result = load({.files = {"/etc/w/a.toml"}}, world_of(files));
  CHECK(problems_of(result).empty());
  CHECK(result.value.channel.hold == 3'072);
  CHECK(result.value.session.max_channels == 9);
  CHECK(result.value.log.level == gw::config::log_level::warn);
  CHECK(result.value.include == std::vector<std::string>{"conf.d/*.toml", "../more/x.toml"});
  CHECK(result.files == std::vector<std::string>{"/etc/w/a.toml", "/etc/w/conf.d/1.toml", "/etc/w/conf.d/2.toml",
                                                 "/etc/w/more/x.toml"});
}

TEST_CASE("an include that cannot be followed is told where it is written") {
  auto const check = [](file_map const& files, std::string_view expected) {
    CHECK(problems({.files = {"a"}}, files) == expected);
  };
  check({{"a", std::string("include = [\"none/*.toml\"]\n") + order}}, "");
  check({{"a", "include = [\"b\"]\n"}}, "a:1:12: error: include: b cannot be read: it is not there\n");
  check({{"a", std::string("include = [\"b\"]\n") + order}, {"b", "\ninclude = [\"a\"]\n"}},
        "b:2:12: error: include: a is read already; a file can be part of a configuration once\n");
  check({{"a", std::string("include = \"b\"\n") + order}},
        "a:1:11: error: include: must be a list of strings, not a string\n");
  check({{"a", std::string("include = [\"\"]\n") + order}},
        "a:1:12: error: include: must be a file; write \"conf.d/*.toml\"\n");
  file_map chain{{"a", std::string("include = [\"1\"]\n") + order}};
  for (int i = 1; i <= 9; ++i) chain[std::to_string(i)] = "include = [\"" + std::to_string(i + 1) + "\"]";
  check(chain, "8:1:12: error: include: 9 is included too deep; at most 8 files below each other\n");
}

TEST_CASE("variables and files are put into strings") {
  auto const check = [](std::string_view written, std::string_view expected) {
    CAPTURE(written);
    auto const c = good({.files = {"a"}},
                        {{"a", "[log]\naccess = '" + std::string(written) + "'\n" + order},
                         {"/run/x", "secret\n"},
                         {"/run/crlf", "a\nb\r\n"}},
                        {{"X", "v"}, {"EMPTY", ""}, {"ODD", "${X}"}});
    CHECK(c.log.access == expected);
  };
  check("${X}", "v");
  check("a${X}b${X}", "avbv");
  check("${NONE:-d}", "d");
  check("${EMPTY:-d}", "d");
  check("a${EMPTY}", "a");
  check("a${NONE:-}", "a");
  check("${X:-d}", "v");
  check("${file:/run/x}", "secret");
  check("${file:/run/crlf}", "a\nb");
  check("$${X}", "${X}");
  check("$${${X}", "${v");
  check("$X {X} $", "$X {X} $");
  check("${ODD}", "${X}");
}

TEST_CASE("what cannot be put into a string is told where it stands") {
  auto const check = [](std::string_view written, std::string_view expected) {
    CHECK(problems({.files = {"a"}}, {{"a", "[log]\naccess = \"" + std::string(written) + "\"\n" + order},
                                      {"/run/big", std::string(65'537, 'x')}}) == std::string(expected) + "\n");
  };
  check("ab${NONE}", "a:2:13: error: log.access: the variable NONE is not set; set it, or write ${NONE:-default}");
  check("${A} ${B}",
        "a:2:11: error: log.access: the variable A is not set; set it, or write ${A:-default}\n"
        "a:2:16: error: log.access: the variable B is not set; set it, or write ${B:-default}");
  check("a${X", "a:2:12: error: log.access: '${' without '}'; write $${ for ${ itself");
  check(
      "${1}",
      "a:2:11: error: log.access: '1' is not a variable; write ${NAME}, ${NAME:-default} or ${file:/path}, and $${ for "
      "${ itself");
  check("${file:x}", "a:2:11: error: log.access: 'x' needs an absolute path; write ${file:/path}");
  check("${file:/no}", "a:2:11: error: log.access: /no cannot be read: it is not there");
  check("${file:/run/big}", "a:2:11: error: log.access: /run/big is larger than allowed");
  CHECK(problems({.files = {"a"}}, {{"a", "[services.order]\ninstances = [\"h:${P}\", \"h\"]\n"}}) ==
        "a:2:17: error: services.order.instances: the variable P is not set; set it, or write ${P:-default}\n");
}

TEST_CASE("flags stand above the files, and the later flag above the earlier") {
  auto const c = good({.files = {"a"},
                       .overlays = {{overlay::form::value, "WSGW_LISTEN", "127.0.0.1:1", "listener.0.bind"},
                                    {overlay::form::value, "WSGW_LOG_LEVEL", "debug", "log.level"},
                                    {overlay::form::service, "--service", "order=h:7,[::1]:8"},
                                    {overlay::form::service, "--service", "a.b=h:9"},
                                    set("channel.hold=2KiB"),
                                    set("services.order.path=/x"),
                                    set("services.\"a.b\".connect_retries=5"),
                                    set("listener.0.origins=[\"*\"]"),
                                    set("listener.1.bind=\"[::]:2\""),
                                    set("listener.1.name=second"),
                                    set("session.idle_timeout=0"),
                                    set("log.level=warn"),
                                    set("log.access="),
                                    set("log.access=a=b"),
                                    set("workers=3")}},
                      {{"a", std::string(order) + "host = \"kept\"\n[log]\nlevel = \"error\"\n"}});
  CHECK(c.workers == 3);
  CHECK(c.session.idle_timeout == 0s);
  CHECK(c.log.level == gw::config::log_level::warn);
  CHECK(c.log.access == "a=b");
  CHECK(c.channel.hold == 2'048);
  REQUIRE(c.listeners.size() == 2);
  CHECK(c.listeners[0].bind == "127.0.0.1:1");
  CHECK(c.listeners[0].origins == std::vector<std::string>{"*"});
  CHECK(c.listeners[1].bind == "[::]:2");
  CHECK(c.listeners[1].name == "second");
  REQUIRE(c.services.size() == 2);
  CHECK(c.services[0].name == "a.b");
  CHECK(c.services[0].channel.connect_retries == 5);
  CHECK(c.services[0].channel.hold == 2'048);
  CHECK(c.services[1].host == "kept");
  CHECK(c.services[1].path == "/x");
  CHECK(c.services[1].instances ==
        std::vector<gw::config::instance>{{.host = "h", .port = 7}, {.host = "::1", .port = 8}});
}

TEST_CASE("a service that two flags define is refused, since the second would hide the first") {
  auto const check = [](std::vector<overlay> flags, std::string_view expected) {
    CHECK(problems({.files = {"a"}, .overlays = std::move(flags)}, {{"a", order}}) == expected);
  };
  overlay const first{overlay::form::service, "--service", "chat=h:1"};
  overlay const again{overlay::form::service, "--service", "chat=h:2"};
  overlay const above_the_file{overlay::form::service, "--service", "order=h:2"};
  check({first, above_the_file}, "");
  check({first, above_the_file, again},
        "--service:1:1: error: services.chat: is given twice; write --service chat=HOST:PORT,HOST:PORT once\n");
}

TEST_CASE("a mistake in a flag is told with its place in the flag") {
  auto const check = [](overlay const& flag, std::string_view expected) {
    CHECK(problems({.files = {"a"}, .overlays = {flag}}, {{"a", order}}) == std::string(expected) + "\n");
  };
  check(set("channel.hold=5"), "--set:1:14: error: channel.hold: '5' needs a unit; write \"5B\", \"5KiB\" or \"5MB\"");
  check(set("channel.hold=5KIB"),
        "--set:1:14: error: channel.hold: '5KIB' has an unknown unit 'KIB'; write \"5B\", \"5KiB\" or \"5MB\"");
  check(set("chanel.hold=0"), "--set:1:1: error: chanel: unknown key; did you mean 'channel'?");
  check(set("channel.hodl=0"), "--set:1:9: error: channel.hodl: unknown key; did you mean 'hold'?");
  check(set("channel"), "--set:1:1: error: 'channel' has no '='; write KEY=VALUE");
  check(set("=5"), "--set:1:1: error: '' is not a key; write channel.hold=64KiB");
  check(set("#a=5"), "--set:1:1: error: '#a' is not a key; write channel.hold=64KiB");
  check(set("a=1\nb=2"),
        "--set:1:1: error: a: unknown key; known here: config_version, include, workers, spin, memory, name, zone, "
        "listener, url_rule, rule, route, session, channel, balancer, services, discovery, health, admin, log, "
        "shutdown");
  check(set("listener.2.bind=x"),
        "--set:1:10: error: listener: '2' is no element of this list, which has none yet; the first is 0");
  check(set("listener.bind=x"),
        "--set:1:10: error: listener: 'bind' is no element of this list, which has none yet; the first is 0");
  check(set("include=[\"b\"]"), "--set:1:1: error: include: stands in files only; name further files with -c");
  check(set("log.access=${NONE}"),
        "--set:1:12: error: log.access: the variable NONE is not set; set it, or write ${NONE:-default}");
  check({overlay::form::service, "--service", "chat"},
        "--service:1:1: error: 'chat' has no '='; write NAME=HOST:PORT,HOST:PORT");
  check({overlay::form::service, "--service", "x=h:1,h:0"},
        "--service:1:7: error: services.x.instances: '0' is not a port; write a number from 1 to 65535");
  check(
      {overlay::form::service, "--service", "gateway=h:1"},
      "--service:1:1: error: services.gateway: the name 'gateway' is reserved for the gateway itself; choose another");
  check({overlay::form::value, "--listen", "8080", "listener.0.bind"},
        "--listen:1:1: error: listener.bind: '8080' is not an address; write \"0.0.0.0:8080\", \"[::]:8080\" or "
        "\"unix:/path\"");
}

TEST_CASE("the system's files are read whole, and those that cannot be are refused with the reason") {
  auto const folder = std::filesystem::temp_directory_path() / "wsgw_gather_test";
  std::filesystem::create_directories(folder);
  auto const write = [&folder](char const* name, std::string_view text) { std::ofstream(folder / name) << text; };
  write("b.toml", "bb");
  write("a.toml", "aa");
  write("c.txt", "");
  auto const path = [&folder](char const* name) { return (folder / name).string(); };
  CHECK(gw::config::matching_files(path("*.toml")) == std::vector<std::string>{path("a.toml"), path("b.toml")});
  CHECK(gw::config::matching_files(path("none*")).empty());
  CHECK(gw::config::read_file(path("a.toml"), 2).value() == "aa");
  CHECK(gw::config::read_file(path("c.txt"), 0).value().empty());
  CHECK(gw::config::read_file(path("a.toml"), 1).error().context == "is larger than 1B");
  CHECK(gw::config::read_file(path("none"), 1).error().context == "cannot be read: No such file or directory");
  CHECK(gw::config::read_file(folder.string(), 1).error().context == "cannot be read: Is a directory");
  std::filesystem::remove_all(folder);
}
