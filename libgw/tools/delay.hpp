// How long something takes, as a distribution in one short text: "50ms", "5ms..20ms", "normal(5ms,2ms)", "5ms p99
// 80ms". Pure; used by the mock service for its answers.
#pragma once

#include "core/clock.hpp"
#include "core/error.hpp"

#include <chrono>
#include <cstdint>
#include <random>
#include <string>
#include <string_view>

namespace gw::tools {

struct delay {
  enum class form : std::uint8_t {
    fixed,    // always `first`
    uniform,  // anything from `first` to `second`
    normal,   // about `first`, with the standard deviation `second`; never below zero
    tail,     // half of all below `first`, one in a hundred above `second` (log-normal)
  };
  form how = form::fixed;
  std::chrono::milliseconds first{};
  std::chrono::milliseconds second{};

  bool is_none() const noexcept { return how == form::fixed && first == first.zero(); }
  /// One value; at most an hour.
  duration draw(std::mt19937_64& from) const;

  friend bool operator==(delay const&, delay const&) = default;
};

/// "50ms"; "5ms..20ms"; "5ms±2ms" or "5ms+-2ms", which is 3ms..7ms; "normal(5ms,2ms)"; "5ms p99 80ms".
/// errc::bad_usage says how to write it.
result<delay> parse_delay(std::string_view text);

/// As parse_delay() takes it.
std::string delay_text(delay const& value);

}  // namespace gw::tools
