#include "cluster/hash.hpp"
#include "gateway/gateway_world_test.hpp"

using namespace gw;
using namespace gw::testing;

namespace {

void sticky(config::config& settings) {
  settings.listeners[0].sticky_cookie = "place";
  settings.services[0].balancer = "consistent_hash";
  settings.services[0].hash_on = "cookie:place";
}

/// The value of the cookie that an answer sets; empty: it sets none.
std::string new_cookie(std::string const& head) {
  constexpr std::string_view field = "\r\nSet-Cookie: place=";
  auto const at = head.find(field);
  if (at == head.npos) return {};
  auto const begin = at + field.size();
  auto const end = head.find("; ", begin);
  CHECK(head.substr(end, head.find("\r\n", end) - end) == "; Path=/; HttpOnly; SameSite=Lax");
  return head.substr(begin, end - begin);
}

struct visit {
  std::string cookie;  // that it got
  std::size_t instance = 0;
};

/// A client that connects, says a word to the service, and goes.
net::awaitable<visit> visited(gateway_world& world, std::string fields) {
  auto& client = world.connection();
  client.sends(secure_head("gateway.example", fields));
  auto const head = co_await client.hears_head();
  REQUIRE(head.starts_with("HTTP/1.1 101 "));
  auto const key = world.worker().loop().keys.next();
  client.sends(wire::make_frame(wire::opcode::text, message_to("chat", 1), &key));
  auto& chat = *co_await world.upstream("chat");
  co_await chat.hears(message_to("chat", 1));
  client.vanishes();
  std::function<bool()> const gone = [&world] { return world.counts_of("chat").channels.get() == 0; };
  chat.vanishes();
  co_await world.until("the end of its channel", gone);
  co_return visit{new_cookie(head), chat.instance};
}

}  // namespace

TEST_CASE("a client without the cookie gets one, which decides where it is served then and whenever it comes back") {
  play({.instances = 4, .settings = sticky}, [](gateway_world& world) -> net::awaitable<void> {
    for (int i = 0; i < 8; ++i) {
      auto const first = co_await visited(world, "");
      REQUIRE(first.cookie.size() == 16);
      auto& pool = world.worker().pool_of(0);
      auto const meant = pool.choose({.key = cluster::hash_of(first.cookie)}, world.worker().loop().wheel.now());
      CHECK(first.instance == meant);
      auto const again = co_await visited(world, "Cookie: a=b; place=" + first.cookie + "\r\n");
      CHECK(again.cookie == "");
      CHECK(again.instance == meant);
    }
  });
}

TEST_CASE("a client that brings a cookie of its own keeps that, and one of a listener without cookies gets none") {
  play({.settings = sticky}, [](gateway_world& world) -> net::awaitable<void> {
    auto const own = co_await visited(world, "Cookie: place=mine\r\n");
    CHECK(own.cookie == "");
  });
  play({}, [](gateway_world& world) -> net::awaitable<void> {
    auto const none = co_await visited(world, "");
    CHECK(none.cookie == "");
  });
}
