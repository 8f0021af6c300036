// A small WebSocket server on our own peer: listens, shakes hands, and hands each socket to a coroutine of its owner.
// Used by the mock service and by tests. Knows nothing of messages.
#pragma once

#include "net/listen.hpp"
#include "net/stream.hpp"
#include "net/task_group.hpp"
#include "tools/handshake_behaviour.hpp"

#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace gw::tools {

/// A WebSocket that was just opened: the 101 is sent.
struct accepted_websocket {
  net::transport socket;
  std::string rest;    // bytes that came behind the handshake
  std::string target;  // path and query, as they came
};

/// One thread, that of its loop. Must outlive run().
class websocket_server {
 public:
  /// Serves one WebSocket until it has ended. Started as a task of the server.
  using serve_one = std::function<net::awaitable<void>(accepted_websocket)>;

  /// Each connection is treated as `how` says when it comes; `how` outlives the server.
  websocket_server(net::loop& where, std::unique_ptr<net::listener> at, serve_one serve,
                   handshake_behaviour const& how = ordinary_handshake);

  /// Accepts until stop(), then waits until every connection has ended.
  net::awaitable<void> run();

  /// Puts `refuse` of its behaviour into effect, which is nothing that a connection could look at. errc::io.
  result<> obey_refusal() { return listener_->refuse(how_.refuse); }

  /// Accepts nothing more and drops handshakes in progress. Ending the open WebSockets is the owner's business.
  void stop();

  net::address const& local() const noexcept { return listener_->local(); }

 private:
  struct greeting;

  net::awaitable<void> greet(net::unique_fd socket);
  net::awaitable<bool> shake_hands(greeting& g, accepted_websocket& into);

  net::loop& loop_;
  std::unique_ptr<net::listener> listener_;
  serve_one serve_;
  handshake_behaviour const& how_;
  bool stopped_ = false;
  std::vector<greeting*> greetings_;
  net::task_group connections_;
};

}  // namespace gw::tools
