// Instances that are entered in a registry, kept there while they run, and taken out in the end. Used by mock services,
// and by the gateway for itself.
#pragma once

#include "core/error.hpp"
#include "discovery/registrar.hpp"
#include "net/condition_variable.hpp"
#include "net/loop.hpp"
#include "net/timer_wheel.hpp"

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace gw::discovery {

/// One thread.
class announcements {
 public:
  static constexpr duration longest_leave = std::chrono::seconds(2);

  /// `told`: every change between success and failure, in a sentence: "order-1 is registered", or why it is not.
  using listener = std::function<void(entry const& what, result<> const& how)>;

  announcements(net::loop& where, std::unique_ptr<registrar> with, listener told = {});

  void add(entry what);

  /// Enters all of them; the error of the first that the registry does not take ends it.
  net::awaitable<result<>> enter();
  /// Renews them, enters again what the registry has forgotten, and goes on through failures, until end() is called.
  /// Then takes out what it has entered, for as long as the registry answers, and within longest_leave of end().
  net::awaitable<void> keep();
  /// Without more than that if enter() is still waiting: it ends with errc::closed.
  void end() noexcept;

 private:
  struct known {
    entry what;
    bool entered = false;
    bool told = false;      // the listener knows how it stands
    bool troubled = false;  // as it was told
    time_point due = {};
  };

  net::awaitable<result<>> tend(known& one);

  net::loop& loop_;
  std::unique_ptr<registrar> registrar_;
  listener told_;
  std::vector<known> all_;
  net::condition_variable ended_changed_;
  bool entering_ = false;
  bool ended_ = false;
  net::timer leave_is_over_;
};

}  // namespace gw::discovery
