// One connection through the chaos proxy: two pipes, each of which reads, holds and writes. Used by chaos_proxy only.
#pragma once

#include "instruments/chaos_plan.hpp"
#include "net/stream.hpp"
#include "net/task_group.hpp"

#include <deque>
#include <functional>
#include <memory>
#include <string>

namespace gw::testbed {

/// One direction. `from` and `to` are descriptors of its own: a stream does one thing at a time.
class chaos_pipe {
 public:
  /// `reset`: ends the whole connection, with RST.
  chaos_pipe(net::loop& on, chaos_plan const& plan, chaos_dice dice, chaos_counts& counts, net::unique_fd from,
             net::unique_fd to, std::function<void()> reset);

  net::awaitable<void> fill();
  net::awaitable<void> drain();
  /// Ends both, at the next chance.
  void cut();
  /// From now on the end of `from` is a RST to whoever is there.
  void reset_source();

 private:
  struct chunk {
    time_point due;
    std::string bytes;
  };

  std::string next_bytes();
  net::awaitable<bool> deliver(std::string bytes);

  net::loop& loop_;
  chaos_plan const& plan_;
  chaos_dice dice_;
  chaos_counts& counts_;
  net::stream from_, to_;
  std::function<void()> reset_;
  std::deque<chunk> held_;
  std::size_t held_bytes_ = 0;
  net::event more_;
  net::event room_;
  bool finished_ = false;
  bool cut_ = false;
};

/// Serves one accepted connection to its end.
class chaos_link {
 public:
  chaos_link(net::loop& on, chaos_plan const& plan, std::uint64_t ordinal, chaos_counts& counts);

  net::awaitable<void> run(net::unique_fd client);
  void cut();

 private:
  void reset();

  net::loop& loop_;
  chaos_plan const& plan_;
  std::uint64_t ordinal_;
  chaos_counts& counts_;
  net::task_group running_;
  std::unique_ptr<net::stream> dialled_;
  std::unique_ptr<chaos_pipe> up_, down_;
};

}  // namespace gw::testbed
