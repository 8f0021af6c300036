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

/// As reports show it.
constexpr double microseconds(std::uint64_t ns) noexcept {
  return static_cast<double>(ns) / 1e3;
}

/// What became of the messages to one service, or to all of them.
struct bench_tally {
  std::uint64_t sent = 0;
  std::uint64_t answered = 0;      // by the service
  std::uint64_t failed = 0;        // answered by a gateway's error frame instead
  std::uint64_t unanswered = 0;    // in flight when their connection or channel ended
  std::uint64_t pushed = 0;        // messages nobody asked for
  std::uint64_t mismatches = 0;    // `check` only
  std::uint64_t answer_bytes = 0;  // payloads, of `answered`
  histogram latency_ns;            // of `answered`: since they left, in an open loop since they were due
  histogram uncorrected_ns;        // open loop: since they left
  histogram push_ns;               // of `pushed`, since their stamp

  void add(bench_tally const& other);
};

/// How often what went wrong, by class: code of an error frame, close code, why a connection could not be opened, ...
using bench_errors = std::map<std::string, std::uint64_t, std::less<>>;

/// What one thread counted.
struct bench_counts {
  explicit bench_counts(std::size_t of_services = 0) : services(of_services) {}

  std::vector<bench_tally> services;  // by their index
  std::size_t opened = 0;             // connections
  std::uint64_t skipped = 0;          // open loop: due, but too many were in flight, or no connection was left
  std::uint64_t unmatched = 0;        // answers that belong to no message,
  std::uint64_t duplicates = 0;       // or to one that was answered lately
  histogram send_lag_ns;              // open loop: from due to sent
  bench_errors errors;
  bench_errors warmup_errors;  // error frames before the measurement; they belong to no message that counts
  histogram connect_ns;
  bool saw_push_stamp = false;  // `push` only: some message had a time there

  void count_error(std::string_view what, std::uint64_t times = 1) { count(errors, what, times); }
  void count_warmup_error(std::string_view what, std::uint64_t times = 1) { count(warmup_errors, what, times); }
  /// `other` is of as many services.
  void add(bench_counts const& other);

 private:
  static void count(bench_errors& in, std::string_view what, std::uint64_t times);
};

/// What one thread has counted so far, for those who look on.
struct bench_sample {
  std::uint64_t sent = 0;
  std::uint64_t answered = 0;
  std::uint64_t failed = 0;
  std::uint64_t errors = 0;
  std::uint64_t warmup_errors = 0;  // not among `errors`
  std::uint64_t skipped = 0;
  std::uint64_t pushed = 0;
  std::uint64_t back = 0;       // all that came back or is not expected any more, measured or not: a sign of life
  std::uint64_t in_flight = 0;  // now
  std::size_t open = 0;         // connections, now
  histogram latency_ns{};

  void add(bench_sample const& other);
};

/// What happened in one interval of the run, about a second.
struct bench_second {
  double from_s = 0;  // since the measurement began
  double to_s = 0;
  bool measured = false;  // else it came before
  std::uint64_t sent = 0;
  std::uint64_t answered = 0;
  std::uint64_t failed = 0;
  std::uint64_t errors = 0;
  std::uint64_t errors_so_far = 0;  // of the whole run; those of the warm-up as long as it lasts
  std::uint64_t skipped = 0;
  std::uint64_t pushed = 0;
  std::uint64_t in_flight = 0;  // at its end
  std::size_t open = 0;         // connections, at its end
  std::uint64_t p50_ns = 0;
  std::uint64_t p99_ns = 0;
  std::uint64_t max_ns = 0;

  double length_s() const noexcept { return to_s - from_s; }
  double per_second() const noexcept { return to_s > from_s ? static_cast<double>(answered) / length_s() : 0.0; }
};

/// The interval between two samples, of the measurement or before it.
bench_second interval(bench_sample const& from, bench_sample const& to, bool measured);

struct bench_report {
  bench_counts counts = bench_counts(0);
  bench_tally all{};                                             // the services of `counts` together
  double seconds = 0.0;                                          // measured
  double own_cpu_s = 0.0;                                        // of all generator threads meanwhile
  double busiest_cpu_s = 0.0;                                    // of the busiest of them
  std::vector<std::pair<pid_t, std::optional<double>>> cpu_s{};  // of `cpu_of`; nothing: the process is gone
  std::vector<bench_second> timeline{};                          // of the measurement
  bool interrupted = false;
  bool stalled = false;  // ended because no answers came any more

  /// Answered messages.
  double per_second() const noexcept;
  double sent_per_second() const noexcept;
  /// All that went wrong, by the errors' own count, and what was never answered.
  std::uint64_t errors() const noexcept;
  /// The share of the messages of which the end is known that failed or were not answered, 0 to 1.
  double error_rate() const noexcept;
  /// CPU microseconds per message that came back, as an answer or an error; 0 without any.
  double us_per_message(double cpu_seconds) const noexcept;
  /// The share of a core that the busiest generator thread used, 0 to 1.
  double own_load() const noexcept;
  /// Why the generator, not the server, was the limit; empty: it was not.
  std::vector<std::string> own_limits() const;
};

}  // namespace gw::tools
