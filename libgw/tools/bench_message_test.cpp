#include "tools/bench_message.hpp"

#include "testing/catch.hpp"

#include <utility>

using namespace gw;
using namespace gw::tools;

TEST_CASE("Messages that would be too much for memory or for a frame are refused") {
  bench_plan plan;
  plan.size = std::size_t{1} << 20;
  plan.in_flight = 40;
  CHECK(bench_messages::make(plan).has_value());
  plan.in_flight = 41;
  auto const much = bench_messages::make(plan);
  REQUIRE_FALSE(much.has_value());
  CHECK(much.error().context ==
        "100 connections with 41 messages of 1048576 bytes in flight need more than 4GiB of memory; lower -c, -p or "
        "--size");
  plan.rate = rate{1};  // what an open loop may queue is bounded by itself
  CHECK(bench_messages::make(plan).has_value());
  plan.size = (std::size_t{64} << 20) + 1;
  auto const large = bench_messages::make(plan);
  REQUIRE_FALSE(large.has_value());
  CHECK(large.error().context == "a message of 67108865 bytes; at most 64MiB can be sent");
}

TEST_CASE("A message without a value where its answer is to have the same is refused") {
  auto const check = [](std::string text, std::string_view rows, std::string_view expectation) {
    CAPTURE(text);
    bench_plan plan;
    plan.match = "/data/id";
    plan.mix = {{.text = std::move(text)}};
    plan.rows = *csv_table::parse(rows);
    auto const made = bench_messages::make(plan);
    CHECK((made ? std::string() : made.error().context) == expectation);
  };
  check(R"({"data":{"id":{n}}})", "id\n1\n", "");
  check(R"({"data":{"id":{csv:id}}})", "id\n1\n2\n", "");
  check(R"({"data":{"id":{csv:id}}})", "id\n1\n[]\n",
        R"(--match /data/id: there is nothing in the message {"data":{"id":[]}})");
  check(R"({"data":{"n":{n}}})", "id\n1\n", R"(--match /data/id: there is nothing in the message {"data":{"n":1}})");
  check("hello", "id\n1\n", "--match /data/id: there is nothing in the message hello");
}

TEST_CASE("What comes from a server is told apart") {
  bench_plan plan;
  plan.services = {"order", "chat"};
  auto const messages = bench_messages::make(plan);
  REQUIRE(messages.has_value());
  using kind = bench_answer::kind;
  auto const check = [&](std::string_view text, kind what, std::size_t service, std::string_view code = "") {
    CAPTURE(text);
    auto const found = messages->classify(text);
    CHECK(found.what == what);
    CHECK(found.service == service);
    CHECK(found.code == code);
  };
  check(R"({"service":"chat","instance":"chat-1","n":4,"method":"m","data":"x"})", kind::answer, 1);
  check(R"({"service":"chat","instance":"chat-1","push":4})", kind::push, 1);
  check(R"({"method":"/api/v1/chat/bench","status":1,"error":{"gw":1,"code":"NO_INSTANCE","service":"chat"}})",
        kind::error, 1, "NO_INSTANCE");
  check(R"({"method":null,"status":1,"error":{"gw":1,"code":"CHANNEL_CLOSED","http":502,"service":"order"}})",
        kind::channel_closed, 0, "CHANNEL_CLOSED");
  check(R"({"method":null,"status":1,"error":{"gw":1,"code":"PARSE_ERROR","http":400}})", kind::unknown, 0,
        "PARSE_ERROR");
  check("hello", kind::unknown, 0);
}
