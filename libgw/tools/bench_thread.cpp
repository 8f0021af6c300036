#include "tools/bench_thread.hpp"

#include <algorithm>

namespace gw::tools {

bench_thread::bench_thread(net::loop& on, clock const& watch, bench_plan const& to_do, bench_messages const& of,
                           std::uint64_t seed)
    : loop(on),
      time(watch),
      plan(to_do),
      messages(of),
      counts(of.services()),
      reader(to_do),
      random(seed),
      scratch_size(std::max(std::size_t{256} * 1024, of.largest_frame())),
      scratch(new char[scratch_size]),
      rendered(new char[of.largest_frame()]) {}

void bench_thread::look_if_quiet() {
  if (quiet != nullptr && sending && in_flight == 0 && (budget == 0 || open == 0)) quiet->set();
}

void bench_thread::count_error(std::string_view what, std::uint64_t times) {
  if (measuring) return counts.count_error(what, times);
  if (sending) counts.count_warmup_error(what, times);
}

}  // namespace gw::tools
