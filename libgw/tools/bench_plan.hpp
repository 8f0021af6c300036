// What a load test is to do. Shared by the generator threads, the run that drives them, and the report.
#pragma once

#include "core/clock.hpp"
#include "tools/websocket_client.hpp"

#include <cstdint>
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

}  // namespace gw::tools
