// One client of the load: connects, runs a session, and comes back as long as it is told to. Used by load_run only.
#pragma once

#include "instruments/load_session.hpp"
#include "net/stream.hpp"
#include "tools/websocket_client.hpp"

#include <memory>

namespace gw::testbed {

/// Lets so many in at once; the others wait in line.
class turnstile {
 public:
  turnstile(net::loop& on, std::uint64_t at_once) : loop_(on), free_(at_once) {}

  net::awaitable<void> enter();
  void leave();

 private:
  net::loop& loop_;
  std::uint64_t free_;
  std::deque<net::event*> line_;
};

class load_client {
 public:
  load_client(load_state& all, turnstile& dialling, std::uint64_t number);

  /// All sessions, until stop() or, without `reconnect`, the end of the first.
  net::awaitable<void> run();
  void stop();

  bool tried() const noexcept { return tried_; }
  /// The open session, or null.
  load_session* session() const noexcept { return session_.get(); }

 private:
  net::awaitable<void> connect();
  net::awaitable<void> wait_before_return();
  net::unique_fd begin_connecting(net::address const& to) const;
  duration time_to_return();

  load_state& all_;
  turnstile& dialling_;
  std::uint64_t number_;
  std::uint64_t sessions_ = 0;
  std::uint64_t dials_ = 0;
  std::vector<std::uint64_t> n_;
  std::unique_ptr<load_session> session_;
  std::unique_ptr<net::stream> dialled_;
  tools::opened_websocket opened_;
  net::event woken_;
  net::timer alarm_;
  bool tried_ = false;
  bool connected_ = false;
  std::string last_words_;  // the reason of the latest Close
  time_point ended_at_{};
};

}  // namespace gw::testbed
