// A load from its first connection to its summary. Used by ledger_load only.
#pragma once

#include "instruments/load_client.hpp"
#include "net/listen.hpp"
#include "net/task_group.hpp"

#include <functional>
#include <memory>
#include <vector>

namespace gw::testbed {

class load_run {
 public:
  /// `say` gets an event as a JSON line: "open" when every client has tried to connect, then "progress" a few times a
  /// second, at last "done" with everything that was counted.
  load_run(load_plan const& plan, journal& book, std::function<void(std::string const&)> say);

  /// Returns when it is over: after the plan's time, or at SIGINT or SIGTERM; the second one does not settle.
  void run();

 private:
  net::awaitable<void> live();
  net::awaitable<void> watch_signals();
  net::awaitable<void> next_change();
  bool all_tried() const;
  void pace();
  void tell_progress() const;
  void tell_open(time_point begun) const;
  void tell_done() const;

  static void on_pace(void* self);
  static void on_progress(void* self);

  load_plan const& plan_;
  std::function<void(std::string const&)> say_;
  monotonic_clock time_;
  net::loop loop_;
  net::event changed_;
  load_state all_;
  turnstile dialling_;
  net::task_group running_;
  net::signals ends_;
  net::timer pace_;
  net::timer progress_;
  net::timer limit_;
  std::vector<std::unique_ptr<load_client>> clients_;
  std::size_t next_ = 0;
  time_point paced_since_{};
  std::uint64_t paced_ = 0;  // messages whose time has come
  int ends_seen_ = 0;
  bool time_is_up_ = false;
};

}  // namespace gw::testbed
