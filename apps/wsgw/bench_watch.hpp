// What `wsgw bench` shows while it runs: on a terminal one line that is written anew each second, else a line now and
// then. All of it on stderr.
#pragma once

#include "terminal.hpp"

#include "tools/bench_counts.hpp"

namespace wsgw {

class bench_watch {
 public:
  explicit bench_watch(terminal const& to);

  void show(gw::tools::bench_second const& what);
  /// Leaves the line as it was before; something else is about to be printed.
  void clear();

 private:
  terminal const& term_;
  bool redraws_;
  bool drawn_ = false;
  std::size_t seconds_ = 0;
};

}  // namespace wsgw
