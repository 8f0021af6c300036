// Quantities as people write them in the configuration and on the command line: "10ms", "64KiB", "200/s".
// A unit is required: a bare number is an error, except zero. Used by config/ and the command line tools.
#pragma once

#include "core/error.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace gw {

/// So many events in so long a time.
struct rate {
  std::uint64_t count = 0;
  std::chrono::milliseconds per{1000};

  friend bool operator==(rate const&, rate const&) = default;
};

/// "10ms", "5s", "2m", "1h", "1m30s", "0". Units: ms s m (or min) h, whole numbers, longest unit first.
/// The error (bad_config) says what is wrong and how to write it.
result<std::chrono::milliseconds> parse_duration(std::string_view text);

/// "50us", "1ms500us", "0": what is too short for a duration.
result<std::chrono::microseconds> parse_moment(std::string_view text);

/// "512B", "64KiB", "4MB", "1GiB", "0". Units: B KB MB GB (1000) and KiB MiB GiB (1024), whole numbers.
result<std::size_t> parse_size(std::string_view text);

/// "200/s", "20/10s", "5/m": a count, a slash and a duration, whose number may be left out.
result<rate> parse_rate(std::string_view text);

/// The shortest text that parses to the same value: "90s" is "1m30s".
std::string duration_text(std::chrono::milliseconds value);
std::string moment_text(std::chrono::microseconds value);
/// The largest unit of which `bytes` is a whole multiple; the 1024s first.
std::string size_text(std::size_t bytes);
std::string rate_text(rate value);

}  // namespace gw
