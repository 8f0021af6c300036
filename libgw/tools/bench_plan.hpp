// What a load test does and what it found. Shared by the generator threads, the run that drives them, and the report.
#pragma once

#include "core/clock.hpp"
#include "core/histogram.hpp"
#include "tools/websocket_client.hpp"

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include <sys/types.h>

namespace gw::tools {

/// A closed loop: every answer lets the next message be sent.
struct bench_plan {
  websocket_request to;
  std::size_t connections = 100;
  std::size_t in_flight = 1;                     // messages per connection
  std::chrono::milliseconds duration{10'000};    // of the measurement
  std::chrono::milliseconds warmup{1'000};       // not measured
  std::optional<std::uint64_t> messages;         // send exactly so many instead, all measured
  std::size_t size = 256;                        // payload bytes of the default message
  std::string message_template;                  // not empty: sent as it is, `{service}` replaced
  std::vector<std::string> services = {"echo"};  // taken in turn
  bool check = false;                            // answers must equal the messages
  bool idle = false;                             // one message per connection, then only hold for `duration`
  std::size_t threads = 1;
  std::vector<pid_t> cpu_of;                       // processes whose CPU time is measured, too
  std::chrono::milliseconds answer_limit{10'000};  // without any answer for so long the run ends
};

/// What one thread counted, or all of them together.
struct bench_counts {
  std::uint64_t sent = 0;
  std::uint64_t answered = 0;                   // messages with their answer, errors included
  std::uint64_t answer_bytes = 0;               // payloads
  std::uint64_t pushed = 0;                     // messages nobody asked for
  std::uint64_t mismatches = 0;                 // `check` only
  std::uint64_t unanswered = 0;                 // in flight when their connection or channel ended
  std::size_t opened = 0;                       // connections
  std::map<std::string, std::uint64_t> errors;  // by class
  histogram latency_ns;
  histogram connect_ns;

  void add(bench_counts const& other);
};

struct bench_report {
  bench_counts counts;
  double seconds = 0.0;                                        // measured
  double own_cpu_s = 0.0;                                      // of all generator threads meanwhile
  double busiest_cpu_s = 0.0;                                  // of the busiest of them
  std::vector<std::pair<pid_t, std::optional<double>>> cpu_s;  // of `cpu_of`; nothing: the process is gone
  bool interrupted = false;
  bool stalled = false;  // ended because no answers came any more

  double per_second() const noexcept;
  /// CPU microseconds per answered message; 0 without messages.
  double us_per_message(double cpu_seconds) const noexcept;
  /// The share of a core that the busiest generator thread used, 0 to 1.
  double own_load() const noexcept;
};

/// The report for people and for programs (schema wsgw.bench.v1).
std::string bench_text(bench_plan const& plan, bench_report const& report);
std::string bench_json(bench_plan const& plan, bench_report const& report);

}  // namespace gw::tools
