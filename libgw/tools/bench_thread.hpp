// What the connections of one thread of the load generator share. Used by them and by their generator only.
#pragma once

#include "net/event.hpp"
#include "net/loop.hpp"
#include "tools/bench_counts.hpp"
#include "tools/bench_message.hpp"
#include "tools/bench_pending.hpp"
#include "tools/bench_plan.hpp"
#include "tools/bench_reader.hpp"

#include <array>
#include <cstdint>
#include <memory>

namespace gw::tools {

struct bench_thread {
  bench_thread(net::loop& on, clock const& watch, bench_plan const& to_do, bench_messages const& of,
               std::uint64_t seed);

  net::loop& loop;
  clock const& time;
  bench_plan const& plan;
  bench_messages const& messages;
  bench_counts counts;
  bool sending = false;                          // new messages may be sent
  bool measuring = false;                        // what happens counts
  time_point measured_from = time_point::max();  // open loop: so do messages that are due from then on
  std::uint64_t budget = 0;                      // messages that may still be sent
  std::uint64_t in_flight = 0;
  std::uint64_t back = 0;       // see bench_sample
  std::size_t open = 0;         // connections
  net::event* quiet = nullptr;  // set when nothing more is to come: budget and flight are over, or nobody is left
  bench_reader reader;
  bench_random random;
  std::size_t scratch_size;
  std::unique_ptr<char[]> scratch;                    // frames of one batch
  std::unique_ptr<char[]> rendered;                   // one text
  std::array<std::uint64_t, 4096> lately_answered{};  // keys, each at its place

  bool is_measured(bench_departure const& left) const noexcept {
    return plan.is_open_loop() ? left.planned >= measured_from : measuring;
  }
  void look_if_quiet();
  /// By where in the run we are.
  void count_error(std::string_view what, std::uint64_t times);
};

}  // namespace gw::tools
