// What a load test is to do. Shared by the generator threads, the run that drives them, and the report.
#pragma once

#include "core/clock.hpp"
#include "core/units.hpp"
#include "tools/csv_table.hpp"
#include "tools/websocket_client.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include <sys/types.h>

namespace gw::tools {

/// A message of the mix.
struct bench_text_of_message {
  std::string text;  // see bench_template
  std::uint32_t weight = 1;
};

/// Without a rate a closed loop: every answer lets the next message leave. With one an open loop: messages leave when
/// they are due, whatever the answers do.
struct bench_plan {
  std::vector<websocket_request> targets;  // connections take them in turn; values of headers are templates, too
  std::size_t connections = 100;
  std::chrono::milliseconds ramp{0};             // connections are opened evenly over so long
  std::size_t in_flight = 1;                     // messages per connection: kept in flight, or (open loop) at most
  std::optional<gw::rate> rate;                  // of all connections together
  std::chrono::milliseconds duration{10'000};    // of the measurement
  std::chrono::milliseconds warmup{1'000};       // not measured
  std::optional<std::uint64_t> messages;         // send exactly so many instead, all measured
  std::size_t size = 256;                        // payload bytes of the default message
  std::vector<bench_text_of_message> mix;        // not empty: these instead of the default message
  csv_table rows;                                // of {csv:COLUMN} and {next:COLUMN}
  std::vector<std::string> services = {"echo"};  // taken in turn
  std::string match;                             // JSON Pointer to what a message and its answer have in common
  std::string push;                              // JSON Pointer to the wall-clock microseconds of an unasked message
  bool check = false;                            // answers must equal the messages,
  std::uint64_t check_every = 1;                 // of which only so many-th of a connection are compared
  bool idle = false;                             // one message per connection, then only hold for `duration`
  std::size_t threads = 1;
  std::vector<pid_t> cpu_of;                       // processes whose CPU time is measured, too
  std::chrono::milliseconds answer_limit{10'000};  // a closed loop without any answer for so long ends
  std::chrono::milliseconds last_answers{5'000};   // an open loop waits so long at most for what is in flight
  std::chrono::milliseconds interval{1'000};       // of those who look on, and of the timeline

  bool is_open_loop() const noexcept { return rate.has_value(); }
  /// Without a number of messages to be sent.
  bool is_timed() const noexcept { return !messages && !idle; }
  /// Open loop: messages a second, of all connections together.
  double planned_per_s() const noexcept {
    return static_cast<double>(rate->count) / std::chrono::duration<double>(rate->per).count();
  }
};

}  // namespace gw::tools
