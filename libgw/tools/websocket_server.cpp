#include "tools/websocket_server.hpp"

#include "net/http_io.hpp"
#include "net/tls_engine.hpp"
#include "wire/http_text.hpp"
#include "wire/strict_head.hpp"
#include "wire/upgrade.hpp"

#include <array>
#include <utility>

namespace gw::tools {
namespace {

constexpr duration handshake_limit = std::chrono::seconds(10);
constexpr std::size_t head_limit = 64 * 1024;

struct answer {
  std::string bytes;
  bool upgraded = false;
  std::string target{};
};

// The first offered subprotocol is taken: a mock has none of its own.
answer answer_to(std::string_view raw, handshake_behaviour const& how) {
  auto const head = wire::judge_request(raw);
  if (!head) return {.bytes = wire::make_problem(head.error())};
  auto const request = wire::judge_upgrade(*head);
  if (!request) return {.bytes = wire::make_problem(request.error())};
  if (how.status != 0) return {.bytes = wire::make_problem({.status = how.status, .detail = "as was asked for"})};
  auto const protocol = request->protocols.empty() ? std::string_view() : request->protocols.front();
  auto const key = how.wrong_key ? wire::make_key() : std::string(request->key);
  return {.bytes = wire::make_upgrade_response(wire::accept_key(key), protocol),
          .upgraded = true,
          .target = std::string(head->target)};
}

/// Drops what comes until the other side ends, or we are cut short.
net::awaitable<void> wait_for_end(net::stream& with) {
  std::array<char, 1024> dropped;
  for (;;) {
    auto const read = co_await with.read_some(dropped);
    if (!read) co_return;
  }
}

}  // namespace

/// A connection before its upgrade.
struct websocket_server::greeting {
  greeting(net::loop& on, net::unique_fd socket)
      : client(on, std::move(socket)), may_answer(on.where()), delay(on.wheel, may_answer) {}

  void cut_short() {
    client.close();
    may_answer.set();
  }

  net::stream client;
  net::event may_answer;
  net::timer delay;
};

websocket_server::websocket_server(net::loop& where, std::unique_ptr<net::listener> at, serve_one serve,
                                   handshake_behaviour const& how)
    : loop_(where), listener_(std::move(at)), serve_(std::move(serve)), how_(how), connections_(where.where()) {}

net::awaitable<void> websocket_server::run() {
  while (!stopped_) {
    auto accepted = co_await listener_->accept();
    if (!accepted) break;
    connections_.spawn(greet(std::move(*accepted)));
  }
  co_await connections_.join();
}

void websocket_server::stop() {
  stopped_ = true;
  listener_->close();
  for (auto* const g : greetings_) g->cut_short();
}

net::awaitable<void> websocket_server::greet(net::unique_fd socket) {
  accepted_websocket opened;
  {
    greeting g(loop_, std::move(socket));
    if (stopped_) co_return;
    greetings_.push_back(&g);
    bool const upgraded = co_await shake_hands(g, opened);
    std::erase(greetings_, &g);
    if (!upgraded || stopped_) co_return;
    opened.socket = g.client.release();
  }
  co_await serve_(std::move(opened));
}

net::awaitable<bool> websocket_server::shake_hands(greeting& g, accepted_websocket& into) {
  auto const how = how_;  // it may change meanwhile
  if (how.when == handshake_behaviour::hang::before) {
    co_await wait_for_end(g.client);
    co_return false;
  }
  net::deadline const limit(loop_, g.client, handshake_limit + how.delay);
  if (how.delay != how.delay.zero()) {
    g.delay.start(how.delay);
    co_await g.may_answer.wait();
  }
  net::received_head received;
  if (auto const read = co_await net::read_head(g.client, received, head_limit); !read) co_return false;
  auto reply = answer_to(received.head(), how);
  auto const written = co_await g.client.write(reply.bytes);
  if (!written) co_return false;
  if (!reply.upgraded) {
    co_await g.client.finish();
    co_return false;
  }
  into.rest = received.rest();
  into.target = std::move(reply.target);
  co_return true;
}

}  // namespace gw::tools
