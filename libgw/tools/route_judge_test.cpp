#include "tools/route_judge.hpp"

#include "tools/route_world_test.hpp"

#include <fmt/format.h>

#include <set>

namespace gw::tools {
namespace {

judged_session session(route_judge const& judge, written_handshake const& written = {}) {
  auto made = judge.session_of(written);
  INFO((made ? "" : made.error().context));
  REQUIRE(made.has_value());
  return *std::move(made);
}

/// "order by pin -> 127.0.0.1:9002", or the word and what is wrong.
std::string verdict(route_judge& judge, std::string_view message, judged_session const& from, bool binary = false) {
  auto const v = judge.judge(message, binary, from);
  auto text = std::string(v.word);
  CHECK(judge.words()[v.bucket] == v.word);
  if (auto const* const rule = judge.rule_of(v)) text += " by " + rule->id();
  if (v.what == route_verdict::kind::refused || v.what == route_verdict::kind::closes)
    text += ": " + judge.reason_of(v);
  if (v.pick != nullptr) text += fmt::format(" -> {}:{}", v.pick->configured.host, v.pick->configured.port);
  return text;
}

TEST_CASE("a judge says what a gateway does with a message") {
  auto judge = make_judge();
  auto const plain = session(judge);
  auto const check = [&](std::string_view message, std::string_view expected) {
    CHECK(verdict(judge, message, plain) == expected);
  };
  check(R"({"method":"/api/v1/order/x"})", "order -> 127.0.0.1:9001");
  check(R"({"method":"/api/v1/order/x"})", "order -> 127.0.0.1:9001");  // each is the first of a gateway
  check(R"({"topic":"legacy.x"})", "legacy by topic -> 127.0.0.1:9201");
  check("pin 127.0.0.1:9002", "order by pin -> 127.0.0.1:9002");
  check("pin 127.0.0.1:1", "NO_INSTANCE by pin: the service has no such instance");
  check("pin nonsense", "RULE_ERROR by pin: the rule yields no host:port for 'instance'");
  check(R"({"topic":"legcy.x"})", "NO_ROUTE by topic: no service 'legcy'; did you mean 'legacy'?");
  check(R"({"method":"/api/v1/ordr/x"})", "NO_ROUTE: no service 'ordr'; did you mean 'order'?");
  check(R"({"method":"/x"})", "NO_ROUTE: the routing key does not match url_rule.pattern");
  check("hello", "PARSE_ERROR: not a JSON object");
  check("{}", "NO_METHOD: the routing key is missing");
  check(R"({"method":1})", "BAD_METHOD: the routing key is not a string");
  check(R"({"method":"/api/v1/gateway/heartbeat"})", "gateway");
  check("\xff", "1007: the text is not UTF-8");
  check(std::string(1024 * 1024 + 1, 'x'), "1009: the message is larger than session.max_message");
  CHECK(verdict(judge, "\xff", plain, true) == "UNSUPPORTED_TYPE: no rule takes binary messages");
}

TEST_CASE("keys and clients choose their instance as they do in a gateway") {
  auto judge = make_judge();
  std::set<std::string> by_user;
  std::set<std::string> by_client;
  for (int i = 0; i < 20; ++i) {
    written_handshake by_rule{.headers = {{"X-Tenant", "a"}}, .user = "user" + std::to_string(i)};
    auto const first = verdict(judge, "x", session(judge, by_rule));
    CHECK(first == verdict(judge, "x", session(judge, by_rule)));
    CHECK(first.starts_with("near by tenant -> "));
    by_user.insert(first);
    auto const client = "10.0.0." + std::to_string(i);
    by_client.insert(verdict(judge, R"({"method":"/api/v1/near/x"})", session(judge, {.client = client})));
  }
  CHECK(by_user.size() == 3);
  CHECK(by_client.size() == 3);
}

TEST_CASE("whom a host name stands for cannot be known offline, so nobody is picked among several") {
  auto judge = make_judge();
  CHECK(verdict(judge, R"({"method":"/api/v1/far/x"})", session(judge)) == "far");
  auto const v = judge.judge(R"({"method":"/api/v1/far/x"})", false, session(judge));
  CHECK(judge.candidates_of(v) == std::vector<std::string>{"a.internal:1", "b.internal:1"});
}

TEST_CASE("control messages are for sessions of wsgw.v1, and a new one has no channel to close") {
  auto judge = make_judge();
  auto const control = session(judge, {.subprotocol = "wsgw.v1"});
  auto const answer = [&](std::string_view message) {
    return judge.answer_to(judge.judge(message, false, control), message, 1);
  };
  CHECK(verdict(judge, R"({"method":"$gw/ping"})", session(judge)).starts_with("BAD_METHOD: "));
  CHECK(verdict(judge, R"({"method":"$gw/ping"})", control) == "gateway");
  CHECK(answer(R"({"method":"$gw/ping","id":3})") == R"({"method":"$gw/pong","data":{"id":3}})");
  CHECK(answer(R"({"method":"$gw/pong"})").empty());
  CHECK(verdict(judge, R"({"method":"$gw/nope"})", control) == "BAD_METHOD: no such control message");
  CHECK(verdict(judge, R"({"method":"$gw/close","data":{"service":"order"}})", control) ==
        "NO_ROUTE: no channel to such a service");
}

TEST_CASE("the error frame is that of the gateway, without what only a connection has") {
  auto judge = make_judge();
  auto const from = session(judge);
  constexpr std::string_view message = R"({"method":"/api/v1/ordr/x","id":7})";
  CHECK(judge.answer_to(judge.judge(message, false, from), message, 3) ==
        R"({"method":"/api/v1/ordr/x","status":1,"message":"no such service","data":{"id":7},)"
        R"("error":{"gw":1,"code":"NO_ROUTE","http":404,"stage":"route","service":"ordr","retryable":false,)"
        R"("sent":false,"seq":3}})");
  constexpr std::string_view routed = R"({"method":"/api/v1/order/x"})";
  CHECK(judge.answer_to(judge.judge(routed, false, from), routed, 1).empty());
}

TEST_CASE("a service without an instance is told as a dial tells it") {
  config::config settings;
  settings.services = {{.name = "empty"}};
  auto judge = *route_judge::make(settings);
  constexpr std::string_view message = R"({"method":"/api/v1/empty/x","id":1})";
  auto const v = judge.judge(message, false, {});
  CHECK(v.word == "NO_INSTANCE");
  CHECK(judge.answer_to(v, message, 2) ==
        R"({"method":"/api/v1/empty/x","status":1,"message":"no healthy instance of 'empty'","data":{"id":1},)"
        R"("error":{"gw":1,"code":"NO_INSTANCE","http":503,"stage":"discover","service":"empty","retryable":true,)"
        R"("retryAfterMs":1000,"sent":false,"seq":2}})");
}

TEST_CASE("a handshake that no listener takes is refused in words") {
  auto const judge = make_judge();
  auto const check = [&](written_handshake const& written, std::string_view expected) {
    auto const made = judge.session_of(written);
    REQUIRE(made.has_error());
    CHECK(made.error().code == errc::bad_usage);
    CHECK(made.error().context.starts_with(expected));
  };
  check({.headers = {{"X Tenant", "a"}}}, "no gateway takes this handshake: ");
  check({.headers = {{"A", "b\r\nC: d\r\n\r\n"}}}, "a header ends the head of the handshake");
  check({.headers = {{"Host", "a"}, {"host", "b"}}}, "no gateway takes this handshake: ");
  check({.path = "/../x"}, "the path or the query: '/../x': ");
  check({.client = "localhost"}, "'localhost' is no IP address");
  CHECK(judge.session_of({.headers = {{"host", "a.example"}}, .path = "/ws", .query = "a=b"}).has_value());
}

TEST_CASE("a path by which no message reaches a rule is remarked on") {
  auto const judge = make_judge(
      "[[listener]]\nws_paths = [\"/*/x\", \"/gate\"]\n[[route]]\nid = \"direct\"\n"
      "uri = \"lb://order\"\npredicates = [\"Path=/chat/**\"]\n");
  CHECK(session(judge).remark.empty());
  CHECK(session(judge, {.path = "/a/x"}).remark.empty());
  CHECK(session(judge, {.path = "/ws"}).remark ==
        "no listener takes WebSockets at '/ws' (ws_paths): a gateway answers 404");
  CHECK(session(judge, {.path = "/chat/1"}).remark ==
        "a WebSocket at '/chat/1' is carried 1:1 by route 'direct': its messages meet no rule");
}

TEST_CASE("words that no verdict can have are guessed at") {
  auto const judge = make_judge();
  CHECK(judge.knows("order"));
  CHECK(judge.knows("1007"));
  CHECK_FALSE(judge.knows("ordr"));
  CHECK(judge.guess_for("ordr") == "; did you mean 'order'?");
  CHECK(judge.guess_for("NO_RUTE") == "; did you mean 'NO_ROUTE'?");
  CHECK(judge.guess_for("order").empty());
}

}  // namespace
}  // namespace gw::tools
