#include "gateway/gateway_world_test.hpp"

using namespace gw;
using namespace gw::testing;

namespace {

net::awaitable<void> whole_life(gateway_world& world) {
  auto& client = world.client("client", true);
  auto const hello = co_await client.hears_json();
  CHECK(hello["method"] == "$gw/hello");
  CHECK(hello["data"]["conn"] == "conn-of-client");
  CHECK(hello["data"]["limits"]["maxMessage"] == 1024 * 1024);
  CHECK(hello["data"]["limits"]["maxChannels"] == 16);
  CHECK(hello["data"]["pingMs"] == 25'000);

  client.says(R"({"method":"$gw/ping","id":7})");
  co_await client.hears(R"({"method":"$gw/pong","data":{"id":7}})");

  client.says(message_to("chat", 1));
  auto& chat = *co_await world.upstream("chat");
  co_await chat.hears(message_to("chat", 1));
  co_await client.hears(R"({"method":"$gw/channel","data":{"service":"chat","state":"open","epoch":1}})");
  chat.says("hello");
  co_await client.hears("hello");

  client.says(R"({"method":"$gw/close","data":{"service":"chat"}})");
  co_await chat.hears_close(wire::close_code::normal, "closed by the client");
  co_await client.hears(
      R"({"method":"$gw/channel","data":{"service":"chat","state":"closed","epoch":1,"lastSeq":2,"forwarded":1,)"
      R"("received":1,"closeCode":1000,"reason":"closed by the client"}})");
}

net::awaitable<void> close_while_dialling(gateway_world& world) {
  auto& client = world.client("client", true);
  co_await client.hears_json();
  world.instance("chat").holds_back();
  client.says(message_to("chat", 1));
  client.says(R"({"method":"$gw/close","data":{"service":"chat"}})");
  co_await world.until_quiet();
  world.instance("chat").answers_now();
  auto& chat = *co_await world.upstream("chat");
  co_await chat.hears(message_to("chat", 1));
  co_await chat.hears_close(wire::close_code::normal, "closed by the client");
  auto const opened = co_await client.hears_json();
  CHECK(opened["data"]["state"] == "open");
  auto const closed = co_await client.hears_json();
  CHECK(closed["data"]["state"] == "closed");
  CHECK(closed["data"]["lastSeq"] == 1);
  CHECK(closed["data"]["forwarded"] == 1);
}

net::awaitable<void> mistakes(gateway_world& world) {
  auto& client = world.client("client", true);
  co_await client.hears_json();
  auto const refused = [&client](std::string text, std::string code) -> net::awaitable<void> {
    client.says(text);
    auto const frame = co_await client.hears_json();
    CHECK(frame["error"]["code"] == code);
  };
  co_await refused(R"({"method":"$gw/dance"})", "BAD_METHOD");
  co_await refused(R"({"method":"$gw/close"})", "BAD_METHOD");
  co_await refused(R"({"method":"$gw/close","data":{"service":"chat"}})", "NO_ROUTE");
  co_await refused(R"({"method":"$gw/close","data":[1]})", "BAD_METHOD");
}

net::awaitable<void> forged(gateway_world& world) {
  auto& client = world.client();
  client.says(R"({"method":"$gw/ping"})");
  auto const frame = co_await client.hears_json();
  CHECK(frame["error"]["code"] == "BAD_METHOD");
}

}  // namespace

TEST_CASE("a client of wsgw.v1 is told of its connection and its channels by control messages") {
  play({}, whole_life);
}

TEST_CASE("what was said before a channel is closed is delivered, even if it is still being dialled") {
  play({}, close_while_dialling);
}

TEST_CASE("control messages that mean nothing are answered with an error frame") {
  play({}, mistakes);
}

TEST_CASE("control messages of a client that did not negotiate them are bad methods") {
  play({}, forged);
}
