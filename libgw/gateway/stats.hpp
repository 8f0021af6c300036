// What a worker counts. One writer each (the worker's thread), any reader; summed when somebody asks for /metrics.
#pragma once

#include "core/counter.hpp"
#include "core/error.hpp"
#include "core/histogram.hpp"
#include "wire/close_code.hpp"

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace gw::gateway {

/// Bounds of times on the way of a message, in microseconds.
inline constexpr std::array<std::uint64_t, 15> time_bounds_us = {
    50, 100, 250, 500, 1'000, 2'500, 5'000, 10'000, 25'000, 50'000, 100'000, 250'000, 500'000, 1'000'000, 5'000'000};

/// Bounds of the lives of sessions, in seconds.
inline constexpr std::array<std::uint64_t, 9> life_bounds_s = {1, 10, 60, 300, 900, 3'600, 14'400, 43'200, 86'400};

struct service_stats {
  counter channels;  // gauge: open or dialling
  counter connects;
  counter connect_failures;
  counter pauses;                                  // of sessions, because of a channel's queue
  counter silent_upstreams;                        // channels that showed no life
  bucket_counts round_trips_us{time_bounds_us};    // of our pings
  bucket_counts connect_times_us{time_bounds_us};  // of successful dials
  counter channels_moved;                          // to another instance
  counter ejections;                               // of instances
  counter circuit;                                 // gauge: cluster::circuit::state as of the last dial
  counter messages_up;                             // client to upstream
  counter bytes_up;
  counter messages_down;
  counter bytes_down;
};

/// Payload of compressed messages in one direction.
struct deflate_stats {
  counter compressed;  // bytes on the wire
  counter plain;       // bytes of the messages
};

/// How a session ended, for the `initiator` label.
enum class initiator : std::uint8_t { client, gateway, upstream };
std::string_view name_of(initiator who) noexcept;

class worker_stats {
 public:
  /// `rules`: custom rules of the configuration.
  worker_stats(std::size_t services, std::size_t rules) : of_service(services), decided_by(rules + 1) {}

  void session_closed(initiator who, wire::close_code code, std::chrono::seconds lived) noexcept;

  counter sessions;  // gauge
  counter sessions_opened;
  counter handshakes_refused;
  counter silent_clients;    // sessions that showed no life
  counter messages_dropped;  // from upstreams, behind the Close of a drain
  std::vector<service_stats> of_service;
  std::vector<counter> decided_by;  // messages by the rule that decided: the URL rule, then the custom ones
  bucket_counts session_times_s{life_bounds_s};
  bucket_counts loop_lag_us{time_bounds_us};  // how late its timers were
  counter queue_memory;                       // gauge: bytes of the chunks that hold queued output
  deflate_stats inflated;                     // from clients
  deflate_stats deflated;                     // to clients
  std::array<counter, static_cast<std::size_t>(errc::bad_usage) + 1> rejected;  // by errc

  static constexpr std::array<std::uint16_t, 18> known_codes = {1000, 1001, 1002, 1005, 1006, 1007, 1008, 1009, 1011,
                                                                1012, 1013, 1014, 3000, 3003, 3008, 4008, 4011, 4029};
  std::array<std::array<counter, known_codes.size() + 1>, 3> closed;  // by initiator and code, the last = other
};

/// How many instances of a service stand how, as far as all workers agree.
struct instance_counts {
  std::size_t healthy = 0;  // by their health checks
  std::size_t unhealthy = 0;
  std::size_t unknown = 0;  // not checked, or not yet
  std::size_t draining = 0;
};

/// What labels stand for: names from the configuration, in the order of the counters.
struct metric_names {
  std::vector<std::string> services;
  std::vector<std::string> rules;  // custom ones
};

/// The Prometheus text of all workers together.
std::string metrics_text(std::vector<worker_stats const*> const& workers, metric_names const& names,
                         std::vector<instance_counts> const& instances, std::string_view version);

}  // namespace gw::gateway
