#include "wire/error_frame.hpp"

#include "testing/catch.hpp"

#include <nlohmann/json.hpp>

#include <limits>
#include <string>

namespace gw::wire {
namespace {

using nlohmann::json;

error_facts example() {
  error_facts facts;
  facts.code = errc::no_instance;
  facts.message = "no healthy instance of 'chat'";
  facts.stage = "discover";
  facts.method = "/api/v1/chat/send";
  facts.data = {.id = "42", .request_id = {}, .websocket_tag = "\"a17\""};
  facts.service = "chat";
  facts.retry_after_ms = 1000;
  facts.seq = 17;
  facts.conn = "c-9";
  facts.trace = "4bf92f";
  return facts;
}

TEST_CASE("an error frame has the members of the contract in their order") {
  CHECK(make_error_frame(example()) ==
        R"({"method":"/api/v1/chat/send","status":1,"message":"no healthy instance of 'chat'",)"
        R"("data":{"id":42,"websocketTag":"a17"},)"
        R"("error":{"gw":1,"code":"NO_INSTANCE","http":503,"stage":"discover","service":"chat","retryable":true,)"
        R"("retryAfterMs":1000,"sent":false,"seq":17,"conn":"c-9","trace":"4bf92f"}})");
}

TEST_CASE("absent facts leave no member behind") {
  error_facts facts;
  facts.code = errc::parse_error;
  facts.message = "not a JSON object";
  CHECK(make_error_frame(facts) ==
        R"({"method":null,"status":2,"message":"not a JSON object","data":{},)"
        R"("error":{"gw":1,"code":"PARSE_ERROR","http":400,"retryable":false,"sent":false}})");
}

TEST_CASE("every code shows its own name, HTTP status and status") {
  struct row {
    errc code;
    char const* name;
    int http;
    int status;
  };
  for (auto const& r : {
           row{errc::parse_error, "PARSE_ERROR", 400, 2},
           row{errc::unauthenticated, "UNAUTHENTICATED", 401, -1},
           row{errc::forbidden, "FORBIDDEN", 403, 3},
           row{errc::no_route, "NO_ROUTE", 404, 1},
           row{errc::unsupported_type, "UNSUPPORTED_TYPE", 415, 2},
           row{errc::rate_limited, "RATE_LIMITED", 429, 1},
           row{errc::channel_closed, "CHANNEL_CLOSED", 502, 1},
           row{errc::connect_timeout, "CONNECT_TIMEOUT", 504, 1},
           row{errc::internal, "INTERNAL", 500, 1},
       }) {
    error_facts facts;
    facts.code = r.code;
    auto const frame = json::parse(make_error_frame(facts));
    CHECK(frame["error"]["code"] == r.name);
    CHECK(frame["error"]["http"] == r.http);
    CHECK(frame["status"] == r.status);
  }
}

TEST_CASE("a notice carries how its channel ended") {
  error_facts facts;
  facts.code = errc::channel_closed;
  facts.message = "'chat' closed the channel";
  facts.service = "chat";
  facts.sent = true;
  facts.status = notice_status;
  facts.channel =
      channel_facts{.close_code = 1000, .reason = "bye", .epoch = 2, .last_seq = 9, .forwarded = 8, .received = 7};
  CHECK(make_error_frame(facts) ==
        R"({"method":null,"status":4,"message":"'chat' closed the channel","data":{},)"
        R"("error":{"gw":1,"code":"CHANNEL_CLOSED","http":502,"service":"chat","retryable":true,"sent":true,)"
        R"("closeCode":1000,"reason":"bye","epoch":2,"lastSeq":9,"forwarded":8,"received":7}})");
  facts.channel->close_code.reset();
  facts.channel->reason = "";
  auto const frame = json::parse(make_error_frame(facts));
  CHECK_FALSE(frame["error"].contains("closeCode"));
  CHECK_FALSE(frame["error"].contains("reason"));
  CHECK(frame["error"]["epoch"] == 2);
}

TEST_CASE("a refused handshake and folded faults have their own members") {
  auto facts = example();
  facts.upstream_status = 403;
  facts.repeat = repeat_facts{.seq_from = 3, .seq_to = 90, .repeated = 80};
  auto const error = json::parse(make_error_frame(facts))["error"];
  CHECK(error["upstreamStatus"] == 403);
  CHECK(error["seqFrom"] == 3);
  CHECK(error["seqTo"] == 90);
  CHECK(error["repeated"] == 80);
}

TEST_CASE("texts are escaped and made valid UTF-8") {
  auto facts = example();
  facts.method = "/a\"b\\c\n\x01/\u4e2d";
  facts.message = "bad \xFF\xC3 byte\x7f";
  facts.service = "\xE2\x82";
  auto const text = make_error_frame(facts);
  auto const frame = json::parse(text);
  CHECK(frame["method"] == "/a\"b\\c\n\x01/\u4e2d");
  CHECK(frame["message"] == "bad \uFFFD\uFFFD byte\x7f");
  CHECK(frame["error"]["service"] == "\uFFFD");
  CHECK(text.find('\n') == std::string::npos);
}

TEST_CASE("no fact makes a frame longer than 4 KiB or breaks it") {
  constexpr auto most = std::numeric_limits<std::uint64_t>::max();
  auto const token = "\"" + std::string(256, 'x') + "\"";
  for (std::string const unit : {"x", "\"", "\x01", "\u00e9", "\u4e2d", "\U0001F600", "\xFF", "a\u4e2d\n"}) {
    std::string text;
    while (text.size() < 5000) text += unit;
    error_facts facts;
    facts.code = errc::handshake_rejected;
    facts.method = facts.message = facts.stage = facts.service = facts.conn = facts.trace = text;
    facts.data = {.id = token, .request_id = token, .websocket_tag = token};
    facts.retry_after_ms = std::numeric_limits<unsigned>::max();
    facts.seq = most;
    facts.upstream_status = std::numeric_limits<int>::min();
    facts.status = std::numeric_limits<int>::min();
    facts.channel = channel_facts{
        .close_code = 65535, .reason = text, .epoch = most, .last_seq = most, .forwarded = most, .received = most};
    facts.repeat = repeat_facts{.seq_from = most, .seq_to = most, .repeated = most};
    auto const frame = make_error_frame(facts);
    CHECK(frame.size() <= max_error_frame);
    REQUIRE(json::accept(frame));
    auto const method = json::parse(frame)["method"].get<std::string>();
    if (unit != "\xFF") CHECK(text.starts_with(method));
    CHECK(method.size() >= 250);
  }
}

TEST_CASE("a method of 1 KiB is echoed whole") {
  auto facts = example();
  auto const method = std::string(1023, 'x') + '"';
  facts.method = method;
  CHECK(json::parse(make_error_frame(facts))["method"] == method);
}

TEST_CASE("a heartbeat is answered with its own keys") {
  CHECK(make_heartbeat_reply("/api/v1/gateway/heartbeat", {.id = "7", .request_id = "'it\\'s'", .websocket_tag = {}}) ==
        R"({"method":"/api/v1/gateway/heartbeat","status":0,"message":"OK","data":{"id":7,"requestId":"it's"}})");
  CHECK(make_heartbeat_reply("/api/v2/gateway/heartbeat", {}) ==
        R"({"method":"/api/v2/gateway/heartbeat","status":0,"message":"OK","data":{}})");
}

}  // namespace
}  // namespace gw::wire
