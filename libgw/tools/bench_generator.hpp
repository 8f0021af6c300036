// One thread of the load generator: opens its share of the connections, and starts, measures and ends their traffic
// when it is told to. Used by run_bench() only.
#pragma once

#include "net/alarm.hpp"
#include "net/task_group.hpp"
#include "tools/bench_connection.hpp"
#include "tools/bench_schedule.hpp"
#include "tools/bench_target.hpp"

#include <functional>
#include <memory>
#include <span>
#include <thread>
#include <vector>

namespace gw::tools {

class bench_generator {
 public:
  /// What it tells, on its own thread.
  struct listener {
    std::function<void(std::size_t)> opened;  // every connection was tried; so many are there
    std::function<void()> quiet;              // nothing more will come
  };
  /// Open loop: when the first message is due, from when on they count, and from when on no more are due.
  struct window {
    time_point begin{};
    time_point measured = begin;
    time_point end = time_point::max();
  };

  /// Its connections are `of`. Plan, messages and targets outlive it.
  bench_generator(bench_plan const& plan, bench_messages const& messages, std::span<bench_target const> targets,
                  bench_schedule::part of, listener tell);
  ~bench_generator();

  void start();

  // --- from any thread ---

  /// Sends `budget` messages in all: the first ones now, or (open loop) each when it is due.
  void begin(std::uint64_t budget, window of_open_loop);
  /// What happens is counted from now on; of an open loop its messages are, and what becomes of them, by its window.
  void measure();
  /// The measurement has ended. Open loop: what was due by now is sent, then nothing more; its answers count.
  void end_sending();
  /// Sends and counts nothing more. `give_up`: what is in flight counts as unanswered.
  void halt(bool give_up);
  /// `tell` gets, on the thread, what was counted so far.
  void sample(std::function<void(std::shared_ptr<bench_sample const>)> tell);
  /// Ends every connection, and the thread.
  void stop();
  void join();

  // --- after join() ---

  bench_counts const& counts() const noexcept { return thread_state_.counts; }
  double cpu_s() const noexcept { return cpu_s_; }

 private:
  net::awaitable<void> run();
  net::awaitable<void> open_some();
  net::awaitable<void> open_one(std::uint64_t number);
  net::awaitable<void> watch_quiet();
  static void on_due(void* self);
  void send_due(time_point now, std::uint64_t most);
  bool is_due(time_point now) const;
  bool send_one(time_point planned, time_point now);
  void measure_cpu();

  monotonic_clock time_;
  net::loop loop_;
  bench_plan const& plan_;
  std::span<bench_target const> targets_;
  std::uint64_t next_;
  std::uint64_t end_;
  listener tell_;
  bench_thread thread_state_;
  net::task_group openers_;
  net::task_group running_;
  net::event quiet_;
  net::event stop_;
  net::alarm due_;
  bench_schedule schedule_;
  time_point until_ = time_point::max();  // see window
  time_point opening_since_{};
  std::vector<net::stream*> dialling_;
  std::vector<std::unique_ptr<bench_connection>> connections_;
  std::vector<bench_connection*> sending_;  // open loop: those that take messages in turn
  std::size_t next_sender_ = 0;
  double cpu_before_s_ = 0;
  double cpu_s_ = 0;
  bool measuring_cpu_ = false;
  std::thread thread_;
};

}  // namespace gw::tools
