#include "gateway/gateway_world_test.hpp"

#include <linux/sockios.h>
#include <sys/ioctl.h>

#include <set>

using namespace gw;
using namespace gw::testing;

namespace {

constexpr std::size_t KiB = 1024;
constexpr std::size_t MiB = 1024 * KiB;

/// A message of `size` bytes whose routing key stands behind all the rest.
std::string message_with_late_key(std::size_t size) {
  std::string const end = R"(","method":"/api/v1/chat/late"})";
  return R"({"data":")" + std::string(size - end.size() - 9, 'x') + end;
}

bool same_address(sockaddr_in const& a, sockaddr_in const& b) {
  return a.sin_port == b.sin_port && a.sin_addr.s_addr == b.sin_addr.s_addr;
}

/// The descriptor of the gateway's end of a loopback connection whose other end is `fd`.
int other_end_of(int fd) {
  sockaddr_in peer{};
  socklen_t size = sizeof peer;
  ::getpeername(fd, reinterpret_cast<sockaddr*>(&peer), &size);
  for (int other = 0; other < 1024; ++other) {
    sockaddr_in own{};
    size = sizeof own;
    if (::getsockname(other, reinterpret_cast<sockaddr*>(&own), &size) != 0 || own.sin_family != AF_INET) continue;
    if (same_address(own, peer)) return other;
  }
  return -1;
}

std::size_t asked(int fd, unsigned long what) {
  int bytes = 0;
  if (::ioctl(fd, what, &bytes) != 0) FAIL("ioctl");
  return static_cast<std::size_t>(bytes);
}

/// What the gateway has taken for a service and not yet handed to its socket, counted from outside.
struct backlog {
  backlog(gateway_world& in, party& of) : world(in), service(of), gateway_end(other_end_of(of.descriptor())) {}

  std::size_t taken() const { return world.counts_of(service.name()).bytes_up.get(); }
  std::size_t handed() const {
    return service.bytes_heard() + asked(service.descriptor(), FIONREAD) + asked(gateway_end, SIOCOUTQNSD);
  }
  std::size_t size() const { return taken() - handed(); }

  gateway_world& world;
  party& service;
  int gateway_end;
};

}  // namespace

TEST_CASE("a client's message may be exactly as large as the limit, and not a byte larger") {
  play({}, [](gateway_world& world) -> net::awaitable<void> {
    auto& client = world.client();
    client.says(message_of_size("chat", MiB));
    auto& chat = *co_await world.upstream("chat");
    co_await chat.hears(message_of_size("chat", MiB));
    client.says(message_of_size("chat", MiB + 1));
    co_await client.hears_close(wire::close_code::too_big);
    co_await client.hears_the_end();
    co_await chat.hears_close(wire::close_code::going_away);
    co_await chat.hears_the_end();
  });
}

TEST_CASE("the limit counts the sum of a message's fragments") {
  auto const settings = [](config::config& c) { c.session.max_message = 1000; };
  play({.settings = settings}, [](gateway_world& world) -> net::awaitable<void> {
    auto& client = world.client();
    auto const whole = message_of_size("chat", 1000);
    client.says_part(wire::opcode::text, whole.substr(0, 999), false);
    client.says_part(wire::opcode::continuation, whole.substr(999), true);
    auto& chat = *co_await world.upstream("chat");
    co_await chat.hears(whole);
    client.says_part(wire::opcode::text, whole, false);
    client.says_part(wire::opcode::continuation, "x", true);
    co_await client.hears_close(wire::close_code::too_big);
    co_await chat.hears_close(wire::close_code::going_away);
  });
}

TEST_CASE("messages of every size arrive whole, and the largest in pieces that are whole frames") {
  play({}, [](gateway_world& world) -> net::awaitable<void> {
    auto& client = world.client();
    party* chat = nullptr;
    for (auto const size : {100 * KiB, 200 * KiB, 256 * KiB, 264 * KiB, 265 * KiB, 500 * KiB, 900 * KiB}) {
      CAPTURE(size);
      auto const before = chat == nullptr ? 0 : chat->frames().size();
      auto const text = message_of_size("chat", size);
      client.says(text);
      client.says(message_to("chat", 1));
      if (chat == nullptr) chat = co_await world.upstream("chat");
      co_await chat->hears(text);
      co_await chat->hears(message_to("chat", 1));
      auto const frames = chat->frames();
      auto const used = frames.size() - before;
      CHECK((size <= 264 * KiB ? used == 2 : used > 2));
      std::set<wire::mask_key> keys;
      for (auto i = before; i < frames.size(); ++i) keys.insert(frames[i].header.key);
      CHECK(keys.size() == used);
    }
  });
}

TEST_CASE("a fragmented message too large to hold is streamed as well, with pings in between") {
  play({}, [](gateway_world& world) -> net::awaitable<void> {
    auto& client = world.client();
    auto const text = message_of_size("chat", 700 * KiB);
    for (std::size_t at = 0; at < text.size(); at += 7 * KiB) {
      auto const last = at + 7 * KiB >= text.size();
      client.says_part(at == 0 ? wire::opcode::text : wire::opcode::continuation, text.substr(at, 7 * KiB), last);
      client.pings(std::to_string(at));
    }
    auto& chat = *co_await world.upstream("chat");
    co_await chat.hears(text);
    std::function<bool()> const answered = [&] { return client.frames().size() == 100; };
    co_await world.until("a hundred pongs", answered);
    CHECK(client.frames().back().payload == std::to_string(99 * 7 * KiB));
  });
}

TEST_CASE("a large message whose routing key stands behind its first 16 KiB is assembled and arrives as one frame") {
  play({}, [](gateway_world& world) -> net::awaitable<void> {
    auto& client = world.client();
    for (auto const size : {20 * KiB, 300 * KiB, MiB}) {
      client.says(message_with_late_key(size));
    }
    auto& chat = *co_await world.upstream("chat");
    for (auto const size : {20 * KiB, 300 * KiB, MiB}) {
      co_await chat.hears(message_with_late_key(size));
    }
    CHECK(chat.frames().size() == 3);
  });
}

TEST_CASE("a large message that is refused by its head is skipped to its end with one error frame") {
  play({}, [](gateway_world& world) -> net::awaitable<void> {
    auto& client = world.client();
    client.says(message_of_size("nobody", 900 * KiB));
    client.says(message_to("chat", 2));
    auto& chat = *co_await world.upstream("chat");
    co_await chat.hears(message_to("chat", 2));
    co_await world.told(client, R"({"method":"/api/v1/nobody/send","status":1,"message":"no such service","data":{},
        "error":{"code":"NO_ROUTE","http":404,"stage":"route","service":"nobody","retryable":false,"sent":false,"seq":1}})");
    CHECK(client.has_heard_all());
  });
}

TEST_CASE(
    "a streamed message with a second routing key at its end aborts its channel, and the next message dials again") {
  play({.services = {"chat", "data"}}, [](gateway_world& world) -> net::awaitable<void> {
    auto& client = world.client();
    client.says(message_to("data", 1));
    auto& data = *co_await world.upstream("data");
    auto bad = message_of_size("chat", 800 * KiB);
    bad.insert(1, R"("id":8,"websocketTag":"t",)");
    bad.back() = ',';
    client.says(bad + R"("method":"/api/v1/data/steal"})");
    auto& chat = *co_await world.upstream("chat");
    co_await world.told(client,
                        R"({"method":"/api/v1/chat/send","status":2,"message":"the routing key stands there twice",
        "data":{"id":8,"websocketTag":"t"},"error":{"code":"BAD_METHOD","http":400,"stage":"relay","service":"chat","retryable":false,
        "sent":true,"seq":2}})");
    co_await world.told(client, R"({"method":null,"status":1,"message":"the channel to the upstream ended","data":{},
        "error":{"code":"CHANNEL_CLOSED","http":502,"stage":"relay","service":"chat","retryable":true,"sent":true,
        "closeCode":1001,"reason":"message aborted","epoch":1,"lastSeq":2,"forwarded":1,"received":0}})");
    co_await chat.hears_close(wire::close_code::going_away, "message aborted");
    client.says(message_to("chat", 3));
    auto& again = *co_await world.upstream("chat");
    co_await again.hears(message_to("chat", 3));
    co_await data.hears(message_to("data", 1));
    CHECK(data.has_heard_all());
    CHECK(client.has_heard_all());
  });
}

TEST_CASE("a service's message is held up to the limit and streamed beyond it") {
  play({}, [](gateway_world& world) -> net::awaitable<void> {
    auto& client = world.client();
    client.says(message_to("chat", 1));
    auto& chat = *co_await world.upstream("chat");
    std::string const held(64 * KiB, 'h');
    chat.says_part(wire::opcode::text, held.substr(0, 40 * KiB), false);
    co_await world.until_quiet();
    CHECK(client.bytes_heard() == 0);
    chat.says_part(wire::opcode::continuation, held.substr(40 * KiB), true);
    co_await client.hears(held);
    CHECK(client.frames().size() == 1);

    chat.says_part(wire::opcode::binary, held, false);
    chat.says_part(wire::opcode::continuation, "s", false);
    co_await world.until_quiet();
    CHECK(client.bytes_heard() > 2 * held.size());
    chat.says_part(wire::opcode::continuation, "", true);
    co_await client.hears_binary(held + "s");

    chat.says(std::string(3 * MiB, 'b'));
    co_await client.hears(std::string(3 * MiB, 'b'));
  });
}

TEST_CASE("while a service streams a large message the others wait their turn, and so does the gateway itself") {
  play({.services = {"chat", "data", "game"}}, [](gateway_world& world) -> net::awaitable<void> {
    auto& client = world.client();
    for (auto const* name : {"chat", "data", "game"}) client.says(message_to(name, 1));
    auto& chat = *co_await world.upstream("chat");
    auto& data = *co_await world.upstream("data");
    auto& game = *co_await world.upstream("game");
    std::string const half(100 * KiB, 'x');
    chat.says_part(wire::opcode::text, half, false);
    std::function<bool()> const begun = [&] { return client.bytes_heard() > 64 * KiB; };
    co_await world.until("the first pieces", begun);
    data.says("from data");
    game.vanishes();
    client.says(R"({"method":"/api/v1/gateway/heartbeat","id":4})");
    client.says("nonsense");
    client.pings("between the pieces");
    std::function<bool()> const ponged = [&] { return client.frames().back().header.op == wire::opcode::pong; };
    co_await world.until("a pong", ponged);
    co_await world.until_quiet();
    CHECK(client.has_heard_all());
    chat.says_part(wire::opcode::continuation, half, true);
    co_await client.hears(half + half);
    // The gateway's own answers first, then what was not read meanwhile.
    auto const answer = co_await client.hears_json();
    CHECK(answer["data"]["id"] == 4);
    auto const refusal = co_await client.hears_json();
    CHECK(refusal["error"]["code"] == "PARSE_ERROR");
    std::set<std::string> rest;
    for (int i = 0; i < 2; ++i) {
      auto const heard = co_await client.hears_text();
      rest.insert(heard.starts_with('{') ? nlohmann::json::parse(heard)["error"]["code"].get<std::string>() : heard);
    }
    CHECK(rest == std::set<std::string>{"CHANNEL_CLOSED", "from data"});
    CHECK(client.has_heard_all());
  });
}

TEST_CASE("a service that does not read pauses its session above the high mark, which goes on at the low one") {
  play({.services = {"chat", "data"}}, [](gateway_world& world) -> net::awaitable<void> {
    constexpr std::size_t size = 8 * KiB;
    constexpr int count = 2000;
    config::watermarks const marks = config::channel().queue;
    auto& client = world.client();
    client.says(message_of_size("chat", size));
    auto& chat = *co_await world.upstream("chat");
    chat.stops_reading();
    chat.keeps_little();
    for (int i = 1; i < count; ++i) client.says(message_of_size("chat", size));
    co_await world.until_quiet();
    backlog const waiting(world, chat);
    auto const taken = waiting.taken();
    CHECK(waiting.size() > marks.high);
    CHECK(waiting.size() <= marks.high + 16 * KiB + size);
    CHECK(client.unsaid() > 0);

    auto& other = world.client("other");
    other.says(message_to("chat", 7));
    auto& for_other = *co_await world.upstream("chat");
    co_await for_other.hears(message_to("chat", 7));
    auto const others = waiting.taken() - taken;

    chat.reads_again();
    std::size_t lowest = waiting.size();
    std::function<bool()> const read_again = [&] {
      if (waiting.taken() - others > taken) return true;
      lowest = std::min(lowest, waiting.size() - others);
      return false;
    };
    co_await world.until("the session to be read again", read_again);
    CHECK(lowest <= marks.low);
    for (int i = 0; i < count; ++i) co_await chat.hears(message_of_size("chat", size));
    CHECK(chat.has_heard_all());
    CHECK(client.has_heard_all());
  });
}

TEST_CASE("a client that does not read pauses its services above the high mark") {
  play({.services = {"chat", "data"}}, [](gateway_world& world) -> net::awaitable<void> {
    constexpr std::size_t size = 8 * KiB;
    constexpr int count = 2000;
    config::watermarks const marks = config::session().queue;
    auto& client = world.client();
    client.says(message_to("chat", 1));
    client.says(message_to("data", 1));
    auto& chat = *co_await world.upstream("chat");
    auto& data = *co_await world.upstream("data");
    client.stops_reading();
    for (int i = 0; i < count; ++i) {
      chat.says("c" + std::string(size, 'c'));
      data.says("d" + std::string(size, 'd'));
    }
    co_await world.until_quiet();
    auto const waiting = world.session_of(client)->client().output().size();
    CHECK(waiting > marks.high);
    CHECK(waiting <= marks.high + 16 * KiB + 2 * size);
    CHECK(chat.unsaid() > 0);
    CHECK(data.unsaid() > 0);

    auto& other = world.client("other");
    other.says(message_to("data", 1));
    auto& for_other = *co_await world.upstream("data");
    for_other.says("unharmed");
    co_await other.hears("unharmed");

    client.reads_again();
    for (int i = 0; i < 2 * count; ++i) {
      auto const heard = co_await client.hears_text();
      if (heard != "c" + std::string(size, 'c') && heard != "d" + std::string(size, 'd')) FAIL("damaged: " << heard);
    }
    CHECK(client.has_heard_all());
  });
}
