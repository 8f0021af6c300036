// Where connections come in: the listening sockets of the process, and which worker each connection goes to.
#pragma once

#include "core/error.hpp"
#include "gateway/worker.hpp"
#include "net/address.hpp"
#include "net/awaitable.hpp"
#include "net/listen.hpp"
#include "net/loop.hpp"
#include "net/task_group.hpp"

#include <memory>
#include <span>
#include <string>
#include <vector>

namespace gw::gateway {

/// One thread, the control thread's, whose loop accepts and hands each connection to the least busy worker. The only
/// worker of a process accepts its clients itself: it need not be chosen, and a connection that crosses threads costs
/// two wake-ups, a sixth of what it takes to open a session.
class doors {
 public:
  explicit doors(net::loop& control) : loop_(control), accepting_(control.where()) {}
  ~doors() { close(); }
  doors(doors const&) = delete;
  doors& operator=(doors const&) = delete;

  /// Binds. `listener`: index into the configuration's listeners. The error says which key to change.
  result<> open(std::string const& bind, entrance by, std::size_t listener);
  /// Where the doors of clients are, and all others.
  std::vector<net::address> const& client_addresses() const noexcept { return client_addresses_; }
  std::vector<net::address> const& probe_addresses() const noexcept { return probe_addresses_; }

  /// From now on connections go to `workers`, which run and outlive the doors' use of them.
  void let_in(std::span<std::unique_ptr<worker> const> workers);
  /// No client gets in any more, before anything that the workers are told afterwards. Probes do.
  void close_to_clients();
  /// All of them. Every worker that accepted for itself has ended, or never ran.
  void close() noexcept;
  /// close() was called and nobody accepts any more.
  net::awaitable<void> join() { return accepting_.join(); }

 private:
  struct door {
    std::unique_ptr<net::listener> socket;
    entrance by;
    std::size_t listener;
    worker* keeper = nullptr;  // accepts on its own loop; null: the control thread does
  };

  net::awaitable<void> accept_at(door& at);
  worker& least_busy() const noexcept;

  net::loop& loop_;
  net::task_group accepting_;
  std::vector<door> doors_;
  std::vector<net::address> client_addresses_;
  std::vector<net::address> probe_addresses_;
  std::span<std::unique_ptr<worker> const> workers_;
};

}  // namespace gw::gateway
