// Host names to addresses. Never used by a dial: names are resolved ahead of time (CONFIG.md, [services.X]).
#pragma once

#include "core/clock.hpp"
#include "core/error.hpp"
#include "net/awaitable.hpp"
#include "net/event.hpp"
#include "net/loop.hpp"

#include <atomic>
#include <cstddef>
#include <functional>
#include <memory>
#include <set>
#include <string>
#include <vector>

namespace gw::net {

/// The IP literals of a host, IPv4 first, without duplicates. Called on a thread of its own, which it may block.
using look_up = std::function<result<std::vector<std::string>>(std::string const& host)>;

/// As the system knows them.
result<std::vector<std::string>> system_addresses(std::string const& host);

/// Waits for look-ups, but no longer than it likes to: one that was given up goes on on its own thread and is
/// forgotten. One thread. No look-up may be under way when it is destroyed.
class resolver {
 public:
  /// Longer than the system waits for a first name server that is gone before it asks the second (resolv.conf(5)).
  static constexpr duration usual_limit = std::chrono::seconds(12);
  static constexpr std::size_t most_under_way = 64;  // those given up too: beyond it a name is not looked up

  explicit resolver(loop& where, look_up by = system_addresses) : loop_(where), look_up_(std::move(by)) {}

  /// An IP literal resolves to itself without a look-up. An error: errc::connect_failed, or errc::timeout after
  /// `limit`.
  awaitable<result<std::vector<std::string>>> resolve(std::string host, duration limit);

  /// Look-ups under way end with errc::closed, and later ones at once.
  void stop() noexcept;

 private:
  struct question;
  class patience;

  loop& loop_;
  look_up look_up_;
  std::shared_ptr<std::atomic<std::size_t>> under_way_ = std::make_shared<std::atomic<std::size_t>>(0);
  std::set<event*> waiting_;
  bool stopped_ = false;
};

}  // namespace gw::net
