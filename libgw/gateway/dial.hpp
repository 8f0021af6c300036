// Opens the upstream WebSocket of a channel: picks instances, connects, shakes hands, tries another one.
#pragma once

#include "cluster/instance.hpp"
#include "cluster/reputation.hpp"
#include "core/error.hpp"
#include "gateway/session.hpp"
#include "net/awaitable.hpp"
#include "net/stream.hpp"
#include "wire/strict_head.hpp"

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace gw::gateway {

class worker;

/// Counts a channel on its instance for as long as it exists.
class lease {
 public:
  lease() noexcept = default;
  lease(std::shared_ptr<cluster::instance_load> load, std::size_t worker) noexcept
      : load_(std::move(load)), worker_(worker) {
    load_->add(worker_, 1);
  }
  lease(lease&&) noexcept = default;
  lease& operator=(lease&& other) noexcept {
    std::swap(load_, other.load_);
    std::swap(worker_, other.worker_);
    return *this;
  }
  ~lease() {
    if (load_) load_->add(worker_, -1);
  }

 private:
  std::shared_ptr<cluster::instance_load> load_;
  std::size_t worker_ = 0;
};

struct dialled {
  std::unique_ptr<net::stream> connection;
  std::string rest;  // bytes behind the handshake
  lease counted;
  cluster::instance_id instance;
  std::string protocol;  // the subprotocol that the upstream chose; empty = none
};

/// What is wanted besides a service.
struct dial_wish {
  std::optional<cluster::instance_id> instance = {};       // only this one
  bool for_a_move = false;                                 // nobody waits for it: the breaker hears of success only
  std::optional<std::vector<std::string>> protocols = {};  // offered instead of the service's own
  std::function<void(wire::response_head const&)> refused =
      {};                                   // sees the head that an upstream answered instead of 101
  std::function<bool()> still_wanted = {};  // asked behind each wait in which there is no connection to close
};

/// Tries instances of `service` until one answers 101, all within open_timeout. `current` points at the connection that
/// is being tried, so that a teardown can close it; errc::closed is returned then. Other errors: circuit_open,
/// no_instance, connect_failed, connect_timeout, handshake_rejected (its cause holds the HTTP status).
net::awaitable<result<dialled>> dial(worker& on, std::uint32_t service, client_facts const& client,
                                     net::stream*& current, dial_wish wish = {});

/// Tells the pool what went wrong at an instance of `service`; logs and counts it if that ejects the instance.
void report(worker& on, std::uint32_t service, cluster::instance_id instance, cluster::trouble what);

}  // namespace gw::gateway
