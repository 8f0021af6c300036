#include "gateway/gateway_world_test.hpp"

#include <set>

using namespace gw;
using namespace gw::testing;

TEST_CASE("three services in turn on one session, each with its own channel") {
  play({.services = {"chat", "data", "game"}}, [](gateway_world& world) -> net::awaitable<void> {
    auto& client = world.client();
    client.says(R"({"method":"/api/v1/chat/send","data":1})");
    auto& chat = *co_await world.upstream("chat");
    co_await chat.hears(R"({"method":"/api/v1/chat/send","data":1})");
    chat.says("said");
    co_await client.hears("said");

    client.says(R"({"method":"/api/v1/data/query","data":2})");
    auto& data = *co_await world.upstream("data");
    co_await data.hears(R"({"method":"/api/v1/data/query","data":2})");
    data.says("found");
    co_await client.hears("found");

    client.says(R"({"method":"/api/v2/game/move","data":3})");
    auto& game = *co_await world.upstream("game");
    co_await game.hears(R"({"method":"/api/v2/game/move","data":3})");

    client.says(R"({"method":"/api/v1/chat/send","data":4})");
    co_await chat.hears(R"({"method":"/api/v1/chat/send","data":4})");
    chat.says("said again");
    co_await client.hears("said again");
    CHECK(world.instance("chat").handshakes().size() == 1);
    CHECK(data.has_heard_all());
    CHECK(game.has_heard_all());
  });
}

TEST_CASE("services whose names contain one another are told apart") {
  play({.services = {"a", "data", "dat"}}, [](gateway_world& world) -> net::awaitable<void> {
    auto& client = world.client();
    client.says(R"({"method":"/api/v1/data/x"})");
    client.says(R"({"method":"/api/v1/a/data"})");
    client.says(R"({"method":"/api/v1/dat/a"})");
    auto& data = *co_await world.upstream("data");
    auto& a = *co_await world.upstream("a");
    auto& dat = *co_await world.upstream("dat");
    co_await data.hears(R"({"method":"/api/v1/data/x"})");
    co_await a.hears(R"({"method":"/api/v1/a/data"})");
    co_await dat.hears(R"({"method":"/api/v1/dat/a"})");
  });
}

namespace {

/// Sends `bad` between two good messages: it is answered by `frame`, and nothing else is disturbed.
void check_refusal(std::string bad, std::string frame) {
  CAPTURE(bad);
  play({}, [&](gateway_world& world) -> net::awaitable<void> {
    auto& client = world.client();
    client.says(message_to("chat", 1));
    client.says(bad);
    client.says(message_to("chat", 3));
    co_await world.told(client, frame);
    auto& chat = *co_await world.upstream("chat");
    co_await chat.hears(message_to("chat", 1));
    co_await chat.hears(message_to("chat", 3));
    chat.says("both");
    co_await client.hears("both");
    CHECK(client.has_heard_all());
  });
}

}  // namespace

TEST_CASE("a bad message between good ones is answered to the letter and disturbs nothing") {
  check_refusal("hello", R"({"method":null,"status":2,"message":"not a JSON object","data":{},
      "error":{"code":"PARSE_ERROR","http":400,"stage":"parse","retryable":false,"sent":false,"seq":2}})");
  check_refusal(R"({"id":7,"method":)", R"({"method":null,"status":2,"message":"the text ends inside the object",
      "data":{"id":7},
      "error":{"code":"PARSE_ERROR","http":400,"stage":"parse","retryable":false,"sent":false,"seq":2}})");
  check_refusal(R"({"data":{"method":"/api/v1/chat/x"},"requestId":"r-1"})",
                R"({"method":null,"status":2,"message":"the routing key is missing","data":{"requestId":"r-1"},
      "error":{"code":"NO_METHOD","http":400,"stage":"route","retryable":false,"sent":false,"seq":2}})");
  check_refusal(R"({"method":"/api/v1/chat/x","id":1,"method":"/api/v1/chat/x"})",
                R"({"method":null,"status":2,"message":"the routing key stands there twice","data":{"id":1},
      "error":{"code":"BAD_METHOD","http":400,"stage":"route","retryable":false,"sent":false,"seq":2}})");
  check_refusal(R"({"websocketTag":"t","method":5})",
                R"({"method":null,"status":2,"message":"the routing key is not a string","data":{"websocketTag":"t"},
      "error":{"code":"BAD_METHOD","http":400,"stage":"route","retryable":false,"sent":false,"seq":2}})");
  check_refusal(R"({"method":"/api/v1/chat/../data","id":"a"})",
                R"({"method":"/api/v1/chat/../data","status":2,
      "message":"the routing key is too long or has a bad path","data":{"id":"a"},
      "error":{"code":"BAD_METHOD","http":400,"stage":"route","retryable":false,"sent":false,"seq":2}})");
  check_refusal(R"({"method":"$gw/ping","id":2})",
                R"({"method":"$gw/ping","status":2,"message":"control messages need the subprotocol wsgw.v1",
      "data":{"id":2},"error":{"code":"BAD_METHOD","http":400,"stage":"route","retryable":false,"sent":false,"seq":2}})");
  check_refusal(R"({"method":"/api/v1/chats/send","id":2,"requestId":3,"websocketTag":"\u0041"})",
                R"({"method":"/api/v1/chats/send","status":1,"message":"no such service",
      "data":{"id":2,"requestId":3,"websocketTag":"A"},
      "error":{"code":"NO_ROUTE","http":404,"stage":"route","service":"chats","retryable":false,"sent":false,"seq":2}})");
  check_refusal(R"({"method":"/other/chat/send","data":{"id":9}})",
                R"({"method":"/other/chat/send","status":1,"message":"the routing key does not match url_rule.pattern",
      "data":{},"error":{"code":"NO_ROUTE","http":404,"stage":"route","retryable":false,"sent":false,"seq":2}})");
}

TEST_CASE("a binary message is refused, whole or in pieces, and the next text is routed") {
  play({}, [](gateway_world& world) -> net::awaitable<void> {
    auto& client = world.client();
    client.says_binary(message_to("chat", 1));
    client.says_part(wire::opcode::binary, "one ", false);
    client.says_part(wire::opcode::continuation, "two", true);
    client.says(message_to("chat", 3));
    for (int const seq : {1, 2}) {
      co_await world.told(client, R"({"method":null,"status":2,"message":"no rule takes binary messages","data":{},
          "error":{"code":"UNSUPPORTED_TYPE","http":415,"stage":"route","retryable":false,"sent":false,"seq":)" +
                                      std::to_string(seq) + "}}");
    }
    auto& chat = *co_await world.upstream("chat");
    co_await chat.hears(message_to("chat", 3));
  });
}

TEST_CASE("a session opens no more channels than it may, and the ones it has go on") {
  auto const two = [](config::config& c) { c.session.max_channels = 2; };
  play({.services = {"a", "b", "c"}, .settings = two}, [](gateway_world& world) -> net::awaitable<void> {
    auto& client = world.client();
    client.says(message_to("a", 1));
    client.says(message_to("b", 2));
    client.says(R"({"method":"/api/v1/c/x","id":3})");
    client.says(message_to("a", 4));
    co_await world.told(client, R"({"method":"/api/v1/c/x","status":1,
        "message":"this session has as many channels as it may","data":{"id":3},
        "error":{"code":"CHANNEL_LIMIT","http":429,"stage":"route","service":"c","retryable":true,"sent":false,"seq":3}})");
    auto& a = *co_await world.upstream("a");
    co_await a.hears(message_to("a", 1));
    co_await a.hears(message_to("a", 4));
    CHECK(world.instance("c").handshakes().empty());
    // A channel that ends makes room.
    a.says_close(wire::close_code::normal);
    co_await a.hears_close(wire::close_code::normal);
    co_await client.hears_json();
    client.says(message_to("c", 5));
    auto& c = *co_await world.upstream("c");
    co_await c.hears(message_to("c", 5));
  });
}

TEST_CASE("a heartbeat is answered by the gateway itself, with its correlation keys") {
  play({}, [](gateway_world& world) -> net::awaitable<void> {
    auto& client = world.client();
    client.says(R"({"method":"/api/v1/gateway/heartbeat","id":5,"requestId":"r","websocketTag":"t","data":{}})");
    co_await client.hears(
        R"({"method":"/api/v1/gateway/heartbeat","status":0,"message":"OK","data":{"id":5,"requestId":"r","websocketTag":"t"}})");
    client.says(R"({"method":"/api/v1/gateway/other"})");
    auto const refused = co_await client.hears_json();
    CHECK(refused["error"]["code"] == "NO_ROUTE");
    CHECK(world.instance("chat").handshakes().empty());
  });
}

TEST_CASE("messages are forwarded byte for byte") {
  play({}, [](gateway_world& world) -> net::awaitable<void> {
    std::vector<std::string> const texts = {
        "  {\n\t\"data\" : [ 1 , 2.50e+01 ] ,\r\n \"method\":\"/api/v1/chat/send\" }  ",
        R"({"m\u0065thod":"\u002fapi/v1/chat\/send","data":"\ud83d\ude00\u0000\""})",
        R"({'method': '/api/v1/chat/send', 'data': ''})",
        R"({'method': '/api/v1/chat/send', data: "it's"})",
        "{\"method\":\"/api/v1/chat/gr\u00fc\u00dfe\",\"data\":\"\u4f60\u597d \U0001F600\"}",
        R"({"method":"/api/v1/chat/send","data":)",  // not its business: only up to the routing key
        R"({"method":"/api/v1/chat/","id":1e400,"data":{"a":1,"a":2}})",
    };
    auto& client = world.client();
    for (auto const& text : texts) client.says(text);
    auto& chat = *co_await world.upstream("chat");
    for (auto const& text : texts) {
      co_await chat.hears(text);
      chat.says(text);
      co_await client.hears(text);
    }
    std::string const bytes("\0\xff\x80 not text", 12);
    chat.says_binary(bytes);
    chat.says("");
    co_await client.hears_binary(bytes);
    co_await client.hears("");
  });
}

TEST_CASE("every frame to a service has a mask of its own, not the client's") {
  play({}, [](gateway_world& world) -> net::awaitable<void> {
    auto& client = world.client();
    wire::mask_key const clients{1, 2, 3, 4};
    constexpr int count = 40;
    std::string frames;
    for (int i = 0; i < count; ++i) frames += wire::make_frame(wire::opcode::text, message_to("chat", i), &clients);
    client.sends_bytes(frames);
    auto& chat = *co_await world.upstream("chat");
    for (int i = 0; i < count; ++i) co_await chat.hears(message_to("chat", i));
    std::set<wire::mask_key> keys;
    for (auto const& frame : chat.frames()) {
      CHECK(frame.header.masked);
      CHECK(frame.header.key != clients);
      keys.insert(frame.header.key);
    }
    CHECK(keys.size() == count);
    chat.says("unmasked");
    co_await client.hears("unmasked");
    CHECK_FALSE(client.frames().back().header.masked);
  });
}

TEST_CASE("a fragmented text with a ping inside reaches the service whole, and the ping is answered") {
  play({}, [](gateway_world& world) -> net::awaitable<void> {
    auto& client = world.client();
    client.says_part(wire::opcode::text, R"({"method":"/api/v1/ch)", false);
    client.pings("still there?");
    client.says_part(wire::opcode::continuation, "", false);
    client.says_part(wire::opcode::continuation, "at/send\",\"data\":\"\xe4\xbd", false);
    client.says_part(wire::opcode::continuation, "\xa0\"}", true);
    client.says(message_to("chat", 2));
    auto& chat = *co_await world.upstream("chat");
    co_await chat.hears("{\"method\":\"/api/v1/chat/send\",\"data\":\"\xe4\xbd\xa0\"}");
    co_await chat.hears(message_to("chat", 2));
    auto const to_client = client.frames();
    REQUIRE(to_client.size() == 1);
    CHECK(to_client[0].header.op == wire::opcode::pong);
    CHECK(to_client[0].payload == "still there?");
    // The service saw one frame a message, and no ping.
    CHECK(chat.frames().size() == 2);
    chat.pings("and you?");
    chat.says("yes");
    co_await client.hears("yes");
    co_await world.until_quiet();
    CHECK(chat.frames().back().header.op == wire::opcode::pong);
    CHECK(client.frames().size() == 2);
  });
}

TEST_CASE("messages for several services arrive in order at each of them, and so do their answers") {
  play({.services = {"a", "b", "c"}}, [](gateway_world& world) -> net::awaitable<void> {
    constexpr int rounds = 200;
    std::vector<std::string> const names = {"a", "b", "c"};
    auto& client = world.client();
    for (int i = 0; i < rounds; ++i) {
      for (auto const& name : names) client.says(message_to(name, i));
    }
    for (auto const& name : names) {
      auto& service = *co_await world.upstream(name);
      for (int i = 0; i < rounds; ++i) co_await service.hears(message_to(name, i));
      CHECK(service.has_heard_all());
      for (int i = 0; i < rounds; ++i) service.says(name + std::to_string(i));
    }
    std::map<std::string, int> next;
    for (int i = 0; i < 3 * rounds; ++i) {
      auto const heard = co_await client.hears_text();
      auto const name = heard.substr(0, 1);
      auto const expected = name + std::to_string(next[name]++);
      CHECK(heard == expected);
    }
    CHECK(next == std::map<std::string, int>{{"a", rounds}, {"b", rounds}, {"c", rounds}});
  });
}

TEST_CASE("sessions do not hear of one another") {
  play({}, [](gateway_world& world) -> net::awaitable<void> {
    auto& ann = world.client("ann");
    ann.says(message_to("chat", 1));
    auto& for_ann = *co_await world.upstream("chat");
    auto& bob = world.client("bob");
    bob.says(message_to("chat", 2));
    auto& for_bob = *co_await world.upstream("chat");
    co_await for_ann.hears(message_to("chat", 1));
    co_await for_bob.hears(message_to("chat", 2));
    for_bob.says("to bob");
    for_ann.says("to ann");
    co_await bob.hears("to bob");
    co_await ann.hears("to ann");
    for_bob.vanishes();
    co_await bob.hears_json();
    for_ann.says("unharmed");
    co_await ann.hears("unharmed");
    CHECK(bob.has_heard_all());
  });
}

TEST_CASE("a client that breaks the protocol is told how, and its channels end") {
  struct row {
    std::string bytes;
    wire::close_code code;
  };
  wire::mask_key const key{1, 2, 3, 4};
  for (auto const& r : {
           row{wire::make_frame(wire::opcode::text, "unmasked", nullptr), wire::close_code::protocol_error},
           row{wire::make_frame(wire::opcode::text, "\xff", &key), wire::close_code::invalid_utf8},
           row{wire::make_frame(wire::opcode::continuation, "of what?", &key), wire::close_code::protocol_error},
           row{wire::make_frame(wire::opcode::close, "\x03", &key), wire::close_code::protocol_error},
       }) {
    play({}, [&](gateway_world& world) -> net::awaitable<void> {
      auto& client = world.client();
      client.says(message_to("chat", 1));
      auto& chat = *co_await world.upstream("chat");
      client.sends_bytes(r.bytes);
      client.says(message_to("chat", 2));
      co_await client.hears_close(r.code);
      co_await chat.hears(message_to("chat", 1));
      co_await chat.hears_close(wire::close_code::going_away);
      co_await chat.hears_the_end();
    });
  }
}
