// What a load test counts, and the report that is made of it. Filled by the generator's threads, each its own; added up
// when they have ended.
#pragma once

#include "core/histogram.hpp"

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <sys/types.h>

namespace gw::tools {

/// What became of the messages to one service, or to all of them.
struct bench_tally {
  std::uint64_t sent = 0;
  std::uint64_t answered = 0;      // by the service
  std::uint64_t failed = 0;        // answered by a gateway's error frame instead
  std::uint64_t unanswered = 0;    // in flight when their connection or channel ended
  std::uint64_t pushed = 0;        // messages nobody asked for
  std::uint64_t mismatches = 0;    // `check` only
  std::uint64_t answer_bytes = 0;  // payloads, of `answered`
  histogram latency_ns;            // of `answered`

  void add(bench_tally const& other);
};

/// What one thread counted.
struct bench_counts {
  explicit bench_counts(std::size_t of_services = 0) : services(of_services) {}

  std::vector<bench_tally> services;                         // by their index
  std::size_t opened = 0;                                    // connections
  std::map<std::string, std::uint64_t, std::less<>> errors;  // by class: code of an error frame, close code, ...
  histogram connect_ns;

  void count_error(std::string_view what);
  /// `other` is of as many services.
  void add(bench_counts const& other);
};

struct bench_report {
  bench_counts counts;
  bench_tally all{};                                             // the services of `counts` together
  double seconds = 0.0;                                          // measured
  double own_cpu_s = 0.0;                                        // of all generator threads meanwhile
  double busiest_cpu_s = 0.0;                                    // of the busiest of them
  std::vector<std::pair<pid_t, std::optional<double>>> cpu_s{};  // of `cpu_of`; nothing: the process is gone
  bool interrupted = false;
  bool stalled = false;  // ended because no answers came any more

  /// Answered messages.
  double per_second() const noexcept;
  /// CPU microseconds per message that came back, as an answer or an error; 0 without any.
  double us_per_message(double cpu_seconds) const noexcept;
  /// The share of a core that the busiest generator thread used, 0 to 1.
  double own_load() const noexcept;
  /// Why the generator, not the server, was the limit; empty: it was not.
  std::vector<std::string> own_limits() const;
};

}  // namespace gw::tools
