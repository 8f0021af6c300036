// One thread of the load generator: opens its share of the connections, and starts, measures and ends their traffic
// when it is told to. Used by run_bench() only.
#pragma once

#include "net/task_group.hpp"
#include "tools/bench_connection.hpp"

#include <functional>
#include <memory>
#include <span>
#include <string>
#include <thread>
#include <vector>

namespace gw::tools {

class bench_generator {
 public:
  /// What it tells, on its own thread.
  struct listener {
    std::function<void()> opened;             // every connection was tried
    std::function<void(bool stalled)> quiet;  // nothing more will come
  };

  /// Connections are numbered from `first`. Plan, messages and addresses outlive it.
  bench_generator(bench_plan const& plan, bench_messages const& messages, std::span<net::address const> addresses,
                  std::uint64_t first, std::size_t connections, listener tell);
  ~bench_generator();

  void start();

  // --- from any thread ---

  /// Sends the first messages; `budget` of them in all.
  void begin(std::uint64_t budget);
  /// From now on what happens is counted.
  void measure();
  /// Sends and counts nothing more.
  void halt();
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
  static void on_second(void* self);

  monotonic_clock time_;
  net::loop loop_;
  bench_plan const& plan_;
  std::span<net::address const> addresses_;
  std::uint64_t next_;
  std::uint64_t end_;
  listener tell_;
  bench_thread thread_state_;
  net::task_group openers_;
  net::task_group running_;
  net::event quiet_;
  net::event stop_;
  net::timer second_;
  std::vector<net::stream*> dialling_;
  std::vector<std::unique_ptr<bench_connection>> connections_;
  std::uint64_t answers_before_ = 0;
  time_point last_answer_{};
  double cpu_before_s_ = 0;
  double cpu_s_ = 0;
  std::thread thread_;
};

}  // namespace gw::tools
