// Rules and routes as they are written, and what cannot be right about them.
#include "config/load.hpp"

#include "testing/catch.hpp"
#include "testing/config_world.hpp"

#include <string>

namespace {

constexpr std::string_view services =
    "[services.order]\ninstances = [\"h:1\"]\n[services.chat]\ninstances = [\"h:2\"]\n";

/// Regexes with '(' at their end are bad; those that begin with "(?P<NAME>" capture NAME.
gw::config::outside_knowledge knowing_regexes() {
  auto outside = gw::testing::world_of({});
  outside.judge_regex = [](std::string_view regex) -> std::optional<gw::text_fault> {
    if (!regex.ends_with('(')) return std::nullopt;
    return {{regex.size() - 1, "missing )"}};
  };
  outside.captures_of = [](std::string_view regex) -> std::vector<std::string> {
    if (!regex.starts_with("(?P<")) return {};
    return {std::string(regex.substr(4, regex.find('>') - 4))};
  };
  return outside;
}

gw::config::config good(std::string_view toml) {
  auto const result = load_text(std::string(toml) + "\n" + std::string(services), "f.toml", knowing_regexes());
  for (auto const& p : result.problems) UNSCOPED_INFO(format(p));
  REQUIRE(result.problems.empty());
  return result.value;
}

void check(std::string_view toml, std::string_view expected) {
  CAPTURE(toml);
  CHECK(gw::testing::problems_of(std::string(toml) + "\n" + std::string(services), knowing_regexes()) ==
        std::string(expected) + "\n");
}

/// `when` of a rule that has a service.
void check_when(std::string_view when, std::string_view expected) {
  check("[[rule]]\nwhen = {" + std::string(when) + "}\nservice = \"order\"", expected);
}

}  // namespace

// tidy: long function: every condition there is
TEST_CASE("every condition of a rule can be set") {
  auto const c = good(R"(
[[rule]]
id = "topic"
service = "{service}"
instance = "{service}:80"
[rule.when]
field = "/topic/a~1b"
equals = "x.y"
prefix = "x"
regex = '(?P<service>[a-z]+)\.'
exists = true
text = 'topic'
binary = false
path = "/ws/**"
header = { name = "X-Kind", equals = "audio" }
query = [{ name = "a", prefix = "b" }, { name = "c", exists = false }]
cookie = { name = "t", regex = '(?P<tenant>.)' }
subprotocol = "chat.v2"
client = "10.0.0.0/8"
user = "anna"
[[rule]]
when = { client = ["10.0.0.0/8", "::1"], user = { prefix = "dev-", exists = true } }
service = "order"
key = "{user}"
[[rule]]
when.binary = true
service = "chat"
instance = "10.0.0.1:80"
)");
  REQUIRE(c.rules.size() == 3);
  auto const& r = c.rules[0];
  CHECK(r.id == "topic");
  CHECK(r.service == "{service}");
  CHECK(r.instance == "{service}:80");
  CHECK(r.when.field == "/topic/a~1b");
  CHECK(r.when.value.equals == "x.y");
  CHECK(r.when.value.prefix == "x");
  CHECK(r.when.value.regex == R"((?P<service>[a-z]+)\.)");
  CHECK(r.when.value.exists == true);
  CHECK(r.when.text == "topic");
  CHECK(r.when.binary == false);
  CHECK(r.when.path == "/ws/**");
  REQUIRE(r.when.headers.size() == 1);
  CHECK(r.when.headers[0].name == "X-Kind");
  CHECK(r.when.headers[0].value.equals == "audio");
  REQUIRE(r.when.query.size() == 2);
  CHECK(r.when.query[0].value.prefix == "b");
  CHECK(r.when.query[1].name == "c");
  CHECK(r.when.query[1].value.exists == false);
  REQUIRE(r.when.cookies.size() == 1);
  CHECK(r.when.cookies[0].value.regex == "(?P<tenant>.)");
  CHECK(r.when.subprotocol == "chat.v2");
  CHECK(r.when.client == std::vector<std::string>{"10.0.0.0/8"});
  REQUIRE(r.when.user.has_value());
  CHECK(r.when.user->equals == "anna");
  CHECK(c.rules[1].id == "rule-2");
  CHECK(c.rules[1].when.client.size() == 2);
  CHECK(c.rules[1].when.user->prefix == "dev-");
  CHECK_FALSE(c.rules[1].when.user->equals.has_value());
  CHECK(c.rules[1].key == "{user}");
  CHECK(c.rules[2].when.binary == true);
  CHECK_FALSE(c.rules[2].when.user.has_value());
  CHECK(c.rules[2].instance == "10.0.0.1:80");
}

TEST_CASE("what a rule asks for is checked") {
  check_when("fild = 1", "f.toml:2:9: error: rule.when.fild: unknown key; did you mean 'field'?");
  check_when("field = \"topic\"",
             "f.toml:2:17: error: rule.when.field: 'topic' must be a JSON Pointer; write \"/topic\"");
  check_when("field = \"/a~2\"",
             "f.toml:2:17: error: rule.when.field: '/a~2': '~' is written '~0', and '/' in a name '~1'");
  check_when(
      "equals = \"x\"",
      "f.toml:2:18: error: rule.when.equals: needs the field that it is asked of; write field = \"/topic\" beside "
      "it");
  check_when(
      "exists = false",
      "f.toml:2:18: error: rule.when.exists: needs the field that it is asked of; write field = \"/topic\" beside "
      "it");
  check_when("field = \"/a\", equals = \"x\", exists = false",
             "f.toml:2:46: error: rule.when.exists: exists = false leaves no text to compare; leave one of them out");
  check_when("field = \"/a\", equals = \"x\", prefix = \"y\"",
             "f.toml:2:32: error: rule.when.equals: equals does not begin with prefix");
  check_when("field = \"/a\", regex = 'ab('", "f.toml:2:34: error: rule.when.regex: missing )");
  check_when("text = 'a('", "f.toml:2:18: error: rule.when.text: missing )");
  check_when("user = { regex = 'a(' }", "f.toml:2:28: error: rule.when.user.regex: missing )");
  check_when("header = [{ name = \"a\", regex = '(' }]", "f.toml:2:42: error: rule.when.header.regex: missing )");
  check_when("binary = 1", "f.toml:2:18: error: rule.when.binary: must be true or false, not a whole number");
  check_when("binary = true, field = \"/a\"",
             "f.toml:2:32: error: rule.when.field: a binary message has no fields; leave binary out");
  check_when("binary = true, text = 'a'",
             "f.toml:2:31: error: rule.when.text: a binary message has no text; leave binary out");
  check_when("path = \"ws\"", "f.toml:2:16: error: rule.when.path: 'ws' must begin with '/'");
  check_when("header = \"a\"",
             "f.toml:2:18: error: rule.when.header: must be { name = \"X-Kind\", equals = \"audio\" }, not a string");
  check_when("header = { equals = \"a\" }",
             "f.toml:2:18: error: rule.when.header: has no name; write { name = \"X-Kind\", equals = \"audio\" }");
  check_when("header = { name = \"a\", exists = false, prefix = \"b\" }",
             "f.toml:2:18: error: rule.when.header: exists = false leaves no text to compare; leave one of them out");
  check_when("query = [{ name = \"a\", equls = \"b\" }]",
             "f.toml:2:32: error: rule.when.query: unknown key 'equls'; did you mean 'equals'?");
  check_when("cookies = []", "f.toml:2:9: error: rule.when.cookies: unknown key; did you mean 'cookie'?");
  check_when("client = \"h\"",
             "f.toml:2:18: error: rule.when.client: 'h' is not a network; write \"10.0.0.0/8\", \"fd00::/8\" or an "
             "address");
  check_when("user = 7",
             "f.toml:2:16: error: rule.when.user: must be a string or { equals, prefix, regex, exists }, not a whole "
             "number");
  check_when("user = { equal = \"a\" }",
             "f.toml:2:18: error: rule.when.user: unknown key 'equal'; did you mean 'equals'?");
}

TEST_CASE("where a rule leads is checked") {
  check("[[rule]]", "f.toml:1:1: error: rule.service: missing; write service = \"NAME\"");
  check("[[rule]]\n[[rule]]",
        "f.toml:1:1: error: rule.service: missing; write service = \"NAME\"\n"
        "f.toml:2:1: error: rule.service: missing; write service = \"NAME\"");
  check("[[rule]]\nservice = \"oder\"",
        "f.toml:2:11: error: rule.service: there is no service 'oder'; did you mean 'order'?");
  check("[[rule]]\nservice = \"{servic}\"\nwhen.text = '(?P<service>a)'",
        "f.toml:2:13: error: rule.service: no regex of this rule captures 'servic'; did you mean 'service'?");
  check("[[rule]]\nservice = \"a{service\"", "f.toml:2:13: error: rule.service: '{' without '}'");
  check("[[rule]]\nservice = \"a}\"", "f.toml:2:13: error: rule.service: '}' without '{'");
  check("[[rule]]\nservice = \"order\"\ninstance = \"{i}\"",
        "f.toml:3:14: error: rule.instance: no regex of this rule captures 'i'; known here: user");
  check("[[rule]]\nservice = \"order\"\ninstance = \"h\"",
        "f.toml:3:12: error: rule.instance: 'h' is not an address; write \"host:9001\" or \"[::1]:9001\"");
  check("[[rule]]\nservice = \"order\"\ninstance = \"h:1\"\nkey = \"{user}\"",
        "f.toml:4:7: error: rule.key: instance and key both choose the instance; leave one of them out");
  check("[[rule]]\nid = \"a\"\nservice = \"order\"\n[[rule]]\nid = \"a\"\nservice = \"chat\"",
        "f.toml:5:6: error: rule.id: 'a' is already the id of another rule; choose another");
  check("[[rule]]\nservice = \"order\"\n[[rule]]\nid = \"rule-1\"\nservice = \"chat\"",
        "f.toml:4:6: error: rule.id: 'rule-1' is already the id of another rule; choose another");
  // a bad regex may be the one that captures
  check("[[rule]]\nservice = \"{service}\"\nwhen.text = '(?P<service>a('",
        "f.toml:3:27: error: rule.when.text: missing )");
  check("[rule]", "f.toml:1:1: error: rule: must be a list of tables; write [[rule]]");
}

TEST_CASE("routes name a service and the handshakes they are for") {
  auto const c = good(R"(
[[route]]
id = "direct"
uri = "lb://chat"
predicates = ["Path=/chat/**,/talk", "Host=a.example.com"]
order = 3
[[route]]
uri = "lb://order"
)");
  REQUIRE(c.routes.size() == 2);
  CHECK(c.routes[0].id == "direct");
  CHECK(c.routes[0].on == "handshake");
  CHECK(c.routes[0].uri == "lb://chat");
  CHECK(c.routes[0].predicates == std::vector<std::string>{"Path=/chat/**,/talk", "Host=a.example.com"});
  CHECK(c.routes[0].order == 3);
  CHECK(c.routes[1].id == "route-2");
}

TEST_CASE("mistakes in routes are told with their places") {
  auto const check_route = [](std::string_view keys, std::string_view expected) {
    check("[[route]]\nuri = \"lb://chat\"\n" + std::string(keys), expected);
  };
  check("[[route]]", "f.toml:1:1: error: route.uri: missing; write uri = \"lb://SERVICE\"");
  check("[[route]]\nuri = \"http://x\"",
        "f.toml:2:7: error: route.uri: 'http://x' names no service; write \"lb://SERVICE\"");
  check("[[route]]\nuri = \"lb://chad\"",
        "f.toml:2:7: error: route.uri: there is no service 'chad'; did you mean 'chat'?");
  check_route("on = \"http\"",
              "f.toml:3:6: error: route.on: http and message routes are not supported yet; write \"handshake\"");
  check_route("on = \"never\"", "f.toml:3:6: error: route.on: unknown value 'never'; write \"handshake\"");
  check_route("predicates = [\"Pat=/x\"]",
              "f.toml:3:15: error: route.predicates: unknown predicate 'Pat'; did you mean 'Path'?");
  check_route("predicates = [\"Header=X\"]",
              "f.toml:3:15: error: route.predicates: unknown predicate 'Header'; write one of Path, Host");
  check_route("predicates = [\"/x\"]",
              "f.toml:3:15: error: route.predicates: '/x' has no '='; write \"Path=/chat/**\"");
  check_route("predicates = [\"Path=/a,b\"]", "f.toml:3:15: error: route.predicates: 'b' must begin with '/'");
  check_route("predicates = [\"Host=\"]",
              "f.toml:3:15: error: route.predicates: must not be empty; write \"example.com\"");
  check_route("order = -1", "f.toml:3:9: error: route.order: -1 is out of bounds; write 0 to 1000000");
  check_route("[[route]]\nuri = \"lb://chat\"\nid = \"route-1\"",
              "f.toml:5:6: error: route.id: 'route-1' is already the id of another route; choose another");
  check_route("filters = []",
              "f.toml:3:1: error: route.filters: unknown key; known here: id, on, uri, predicates, order");
}
