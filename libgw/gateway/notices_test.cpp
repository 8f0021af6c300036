#include "gateway/gateway_world_test.hpp"

using namespace gw;
using namespace gw::testing;
using namespace std::chrono_literals;

namespace {

constexpr std::size_t KiB = 1024;

struct ending {
  std::string code = "CHANNEL_CLOSED";
  bool orderly = false;
  unsigned close_code = 1006;
  std::string reason = "connection closed";
  int epoch = 1;
  std::uint64_t last_seq = 0;
  std::uint64_t forwarded = 0;
  std::uint64_t received = 0;
};

/// The notice that the channel to `chat` ended like this.
std::string notice(ending const& how) {
  bool const retryable = how.code == "CHANNEL_CLOSED";
  nlohmann::json frame = {
      {"method", nullptr},
      {"status", how.orderly ? 4 : 1},
      {"message", how.orderly ? "the upstream closed the channel" : "the channel to the upstream ended"},
      {"data", nlohmann::json::object()},
      {"error",
       {{"code", how.code},
        {"http", 502},
        {"stage", "relay"},
        {"service", "chat"},
        {"retryable", retryable},
        {"sent", true},
        {"closeCode", how.close_code},
        {"epoch", how.epoch},
        {"lastSeq", how.last_seq},
        {"forwarded", how.forwarded},
        {"received", how.received}}},
  };
  if (!how.reason.empty()) frame["error"]["reason"] = how.reason;
  return frame.dump();
}

}  // namespace

TEST_CASE("a service that dies in a burst is told exactly once, with what it got and gave") {
  play({.services = {"chat", "data"}}, [](gateway_world& world) -> net::awaitable<void> {
    auto& client = world.client();
    for (int i = 1; i <= 10; ++i) {
      client.says(message_to("data", i));
      client.says(message_to("chat", i));
    }
    client.says("nonsense");
    auto& chat = *co_await world.upstream("chat");
    auto& data = *co_await world.upstream("data");
    for (int i = 1; i <= 10; ++i) co_await chat.hears(message_to("chat", i));
    co_await client.hears_json();
    for (int i = 1; i <= 3; ++i) {
      chat.says("answer " + std::to_string(i));
      co_await client.hears("answer " + std::to_string(i));
    }
    chat.vanishes();
    auto const first = notice({.last_seq = 20, .forwarded = 10, .received = 3});
    co_await world.told(client, first);

    // The other channel goes on, and the next message dials again.
    data.says("still here");
    co_await client.hears("still here");
    client.says(message_to("chat", 11));
    auto& again = *co_await world.upstream("chat");
    co_await again.hears(message_to("chat", 11));
    again.vanishes();
    auto const second = notice({.epoch = 2, .last_seq = 22, .forwarded = 1});
    co_await world.told(client, second);
    co_await world.until_quiet();
    CHECK(client.has_heard_all());
  });
}

TEST_CASE("messages that still waited for a dead service are known from lastSeq and forwarded") {
  play({}, [](gateway_world& world) -> net::awaitable<void> {
    constexpr std::size_t size = 100 * KiB;
    constexpr int count = 200;
    auto& client = world.client();
    client.says(message_of_size("chat", size));
    auto& chat = *co_await world.upstream("chat");
    chat.stops_reading();
    chat.keeps_little();
    for (int i = 1; i < count; ++i) client.says(message_of_size("chat", size));
    co_await world.until_quiet();
    CHECK(client.unsaid() > 0);
    chat.vanishes();
    auto const heard = co_await client.hears_json();
    auto const told = heard["error"];
    CHECK(told["code"] == "CHANNEL_CLOSED");
    CHECK(told["closeCode"] == 1006);
    CHECK(told["epoch"] == 1);
    CHECK(told["received"] == 0);
    // One service and no refusals: the number of messages handed over is the number of the last one.
    CHECK(told["lastSeq"] == told["forwarded"]);
    auto const forwarded = told["forwarded"].get<std::uint64_t>();
    CHECK(forwarded > 0);
    CHECK(forwarded < count);

    // Everything that was accepted before is behind lastSeq or in front of it; the rest goes to the new channel, whole.
    auto& again = *co_await world.upstream("chat");
    co_await again.hears(message_of_size("chat", size));
    client.says(message_to("chat", 0));
    std::uint64_t arrived = 1;
    for (;; ++arrived) {
      auto const text = co_await again.hears_text();
      if (text == message_to("chat", 0)) break;
    }
    CHECK(arrived + forwarded <= count);
    CHECK(client.has_heard_all());
  });
}

TEST_CASE("a service that dies inside a held message leaves the client's stream undamaged") {
  play({.services = {"chat", "data"}}, [](gateway_world& world) -> net::awaitable<void> {
    auto const frame = wire::make_frame(wire::opcode::text, std::string(40 * KiB, 'x'), nullptr);
    auto& client = world.client();
    client.says(message_to("data", 1));
    auto& data = *co_await world.upstream("data");
    for (int epoch = 1; epoch <= 2; ++epoch) {
      client.says(message_to("chat", epoch));
      auto& chat = *co_await world.upstream("chat");
      co_await chat.hears(message_to("chat", epoch));
      chat.says("whole");
      // Half a frame, and half a message of whole frames.
      if (epoch == 1) chat.sends_bytes(frame.substr(0, 20 * KiB));
      if (epoch == 2) chat.says_part(wire::opcode::text, std::string(20 * KiB, 'x'), false);
      co_await client.hears("whole");
      co_await world.until_quiet();
      chat.vanishes();
      auto const seq = static_cast<std::uint64_t>(epoch) + 1;
      auto const ended = notice({.epoch = epoch, .last_seq = seq, .forwarded = 1, .received = 1});
      co_await world.told(client, ended);
      data.says("unharmed");
      co_await client.hears("unharmed");
    }
  });
}

TEST_CASE("a service that dies inside a streamed message ends the session") {
  play({.services = {"chat", "data"}}, [](gateway_world& world) -> net::awaitable<void> {
    auto& client = world.client();
    client.says(message_to("data", 1));
    client.says(message_to("chat", 2));
    auto& data = *co_await world.upstream("data");
    auto& chat = *co_await world.upstream("chat");
    co_await chat.hears(message_to("chat", 2));
    chat.says_part(wire::opcode::text, std::string(100 * KiB, 'x'), false);
    std::function<bool()> const begun = [&] { return client.bytes_heard() > 64 * KiB; };
    co_await world.until("the first pieces", begun);
    chat.vanishes();
    co_await client.hears_close(wire::close_code::internal_error, "upstream lost inside a message");
    co_await client.hears_the_end();
    co_await data.hears(message_to("data", 1));
    co_await data.hears_close(wire::close_code::going_away);
    co_await data.hears_the_end();
  });
}

TEST_CASE("a streamed message that turns bad or too large ends the session as well") {
  auto const settings = [](config::config& c) { c.services[0].channel.max_message = 150 * KiB; };
  struct row {
    std::string rest;
    wire::close_code code;
  };
  for (auto const& r :
       {row{std::string(100 * KiB, 'x'), wire::close_code::too_big}, row{"\xff", wire::close_code::invalid_utf8}}) {
    play({.settings = settings}, [&](gateway_world& world) -> net::awaitable<void> {
      auto& client = world.client();
      client.says(message_to("chat", 1));
      auto& chat = *co_await world.upstream("chat");
      co_await chat.hears(message_to("chat", 1));
      chat.says_part(wire::opcode::text, std::string(100 * KiB, 'x'), false);
      std::function<bool()> const begun = [&] { return client.bytes_heard() > 64 * KiB; };
      co_await world.until("the first pieces", begun);
      chat.says_part(wire::opcode::continuation, r.rest, true);
      co_await client.hears_close(wire::close_code::internal_error, "upstream lost inside a message");
      co_await chat.hears_close(r.code);
    });
  }
}

TEST_CASE("a streamed message that stops for 15 seconds ends the session, but not while the client is slow") {
  play({.manual_time = true}, [](gateway_world& world) -> net::awaitable<void> {
    auto& client = world.client();
    client.says(message_to("chat", 1));
    auto& chat = *co_await world.upstream("chat");
    chat.says_part(wire::opcode::text, std::string(100 * KiB, 'x'), false);
    std::function<bool()> const begun = [&] { return client.bytes_heard() > 100 * KiB; };
    co_await world.until("the first pieces", begun);
    client.stops_reading();
    chat.says_part(wire::opcode::continuation, std::string(8 * 1024 * KiB, 'x'), false);
    co_await world.until_quiet();
    for (int i = 0; i < 3; ++i) world.pass(14s);
    co_await world.until_quiet();
    client.reads_again();
    std::function<bool()> const all = [&] { return client.bytes_heard() > 8 * 1024 * KiB; };
    co_await world.until("the rest", all);
    CHECK(client.has_heard_all());
    world.pass(14s);
    co_await world.until_quiet();
    CHECK(client.has_heard_all());
    world.pass(16s);
    world.pass(16s);
    co_await client.hears_close(wire::close_code::internal_error, "upstream lost inside a message");
  });
}

TEST_CASE("a service that closes is answered, and the client told why") {
  struct row {
    wire::close_code code;
    std::string reason;
    ending told;
  };
  for (auto const& r : {
           row{wire::close_code::normal, "bye", {.orderly = true, .close_code = 1000, .reason = "bye"}},
           row{wire::close_code::going_away, "", {.orderly = true, .close_code = 1001, .reason = ""}},
           row{wire::close_code::no_status, "", {.orderly = true, .close_code = 1005, .reason = ""}},
           row{wire::close_code::internal_error, "oh", {.close_code = 1011, .reason = "oh"}},
           row{wire::close_code(4001), "own", {.close_code = 4001, .reason = "own"}},
       }) {
    CAPTURE(r.told.close_code);
    play({}, [&](gateway_world& world) -> net::awaitable<void> {
      auto& client = world.client();
      client.says(message_to("chat", 1));
      auto& chat = *co_await world.upstream("chat");
      co_await chat.hears(message_to("chat", 1));
      chat.says("last words");
      chat.says_close(r.code, r.reason);
      co_await client.hears("last words");
      auto expected = r.told;
      expected.last_seq = expected.forwarded = expected.received = 1;
      co_await world.told(client, notice(expected));
      co_await chat.hears_close(r.code);
      co_await chat.hears_the_end();
      client.says(message_to("chat", 2));
      auto& again = *co_await world.upstream("chat");
      co_await again.hears(message_to("chat", 2));
      CHECK(client.has_heard_all());
    });
  }
}

TEST_CASE("a service that breaks the protocol loses its channel, the client stays, and the next message dials again") {
  auto const settings = [](config::config& c) { c.services[0].channel.max_message = 1000; };
  wire::mask_key const key{1, 2, 3, 4};
  struct row {
    std::string bytes;
    ending told;
  };
  for (auto const& r : {
           row{wire::make_frame(wire::opcode::text, "masked", &key),
               {.close_code = 1002, .reason = "masked frame from a server"}},
           row{wire::make_frame(wire::opcode::text, "\xc3(", nullptr),
               {.close_code = 1007, .reason = "text is not UTF-8"}},
           row{wire::make_frame(wire::opcode::text, std::string(1001, 'x'), nullptr),
               {.code = "UPSTREAM_TOO_BIG", .close_code = 1009, .reason = "message over the limit"}},
       }) {
    CAPTURE(r.told.reason);
    play({.settings = settings}, [&](gateway_world& world) -> net::awaitable<void> {
      auto& client = world.client();
      client.says(message_to("chat", 1));
      auto& chat = *co_await world.upstream("chat");
      co_await chat.hears(message_to("chat", 1));
      chat.says(std::string(1000, 'x'));
      chat.sends_bytes(r.bytes);
      chat.says("too late");
      co_await client.hears(std::string(1000, 'x'));
      auto expected = r.told;
      expected.last_seq = expected.forwarded = expected.received = 1;
      co_await world.told(client, notice(expected));
      co_await chat.hears_close(wire::close_code(r.told.close_code));
      client.says(message_to("chat", 2));
      auto& again = *co_await world.upstream("chat");
      co_await again.hears(message_to("chat", 2));
      again.vanishes();
      auto const ended_again = notice({.epoch = 2, .last_seq = 2, .forwarded = 1});
      co_await world.told(client, ended_again);
      CHECK(client.has_heard_all());
    });
  }
}

TEST_CASE("a channel that shall end silently ends without a word") {
  auto const silent = [](config::config& c) { c.services[0].channel.on_close = config::on_close::silent; };
  play({.settings = silent}, [](gateway_world& world) -> net::awaitable<void> {
    auto& client = world.client();
    client.says(message_to("chat", 1));
    auto& chat = *co_await world.upstream("chat");
    co_await chat.hears(message_to("chat", 1));
    chat.says_close(wire::close_code::normal);
    co_await chat.hears_close(wire::close_code::normal);
    client.says(message_to("chat", 2));
    auto& again = *co_await world.upstream("chat");
    co_await again.hears(message_to("chat", 2));
    again.says("hello");
    co_await client.hears("hello");
    CHECK(client.has_heard_all());
  });
}

TEST_CASE("a channel that shall close its client takes its session with it") {
  auto const close = [](config::config& c) { c.services[0].channel.on_close = config::on_close::close_client; };
  play({.services = {"chat", "data"}, .settings = close}, [](gateway_world& world) -> net::awaitable<void> {
    auto& client = world.client();
    client.says(message_to("chat", 1));
    client.says(message_to("data", 2));
    auto& chat = *co_await world.upstream("chat");
    auto& data = *co_await world.upstream("data");
    co_await chat.hears(message_to("chat", 1));
    chat.says_close(wire::close_code::normal);
    co_await client.hears_close(wire::close_code::internal_error, "upstream closed");
    co_await client.hears_the_end();
    co_await data.hears(message_to("data", 2));
    co_await data.hears_close(wire::close_code::going_away);
  });
}
