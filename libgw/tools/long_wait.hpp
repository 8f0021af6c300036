// Tells whoever waits in front of a terminal what for, once it takes longer than anybody waits without a word. Used by
// the client.
#pragma once

#include "net/loop.hpp"
#include "tools/client.hpp"

#include <functional>
#include <string_view>
#include <utility>

namespace gw::tools {

class long_wait {
 public:
  long_wait(net::loop& on, duration patience, std::function<void(client_event const&)> tell)
      : patience_(patience), tell_(std::move(tell)), timer_(on.wheel, say, this) {}

  /// `what` is static text.
  void begin(std::string_view what) {
    what_ = what;
    timer_.start(patience_);
  }
  void end() noexcept { timer_.stop(); }

 private:
  static void say(void* self) {
    auto const& wait = *static_cast<long_wait*>(self);
    wait.tell_({.what = client_event::kind::wait, .text = wait.what_});
  }

  duration patience_;
  std::function<void(client_event const&)> tell_;
  std::string_view what_;
  net::timer timer_;
};

}  // namespace gw::tools
