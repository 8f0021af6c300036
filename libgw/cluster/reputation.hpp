// What one worker has learnt of one instance by dialling it and by its channels: may it be dialled, and as what does it
// stand. Used by the pool only, which knows the other instances. Pure: time is passed in.
#pragma once

#include "core/clock.hpp"

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace gw::cluster {

/// What went wrong at an instance.
enum class trouble : std::uint8_t {
  unreachable,     // refused, no route, or no connection in time
  no_answer,       // connected, but the handshake was not answered (in time)
  server_error,    // the handshake was answered with a status of 5xx
  bad_handshake,   // ... or with what is no answer of RFC 6455 section 4.2.2
  heartbeat_lost,  // an open channel showed no life
  broken_early,    // a channel broke within its first second
};

/// "handshake answered with 5xx"
std::string_view text_of(trouble what) noexcept;

/// How an instance stands, for logs and metrics.
struct standing {
  enum class kind : std::uint8_t {
    available,  // may be dialled now
    held,       // could not be reached, or its next probe is not due
    ejected,    // taken out because handshakes or channels failed in a row
    draining,   // whoever runs it wants no new channels there
    unhealthy,  // its health checks fail
    left_out,   // not for this gateway, by the metadata or the subset that it is to use
  };
  kind is = kind::available;
  std::string_view reason =
      {};                 // text_of the last trouble it has not recovered from, or of a failed check; empty = none
  time_point until = {};  // when held or ejected
};

/// Two things keep an instance from being dialled: a hold, at once, while it cannot be reached; and an ejection after
/// faults in a row. Faults of handshakes end with the next handshake that succeeds. Faults of channels cannot, since
/// each follows a good handshake: they end when a channel has proved itself.
class reputation {
 public:
  static constexpr std::chrono::milliseconds shortest_hold{1'000};
  static constexpr std::chrono::milliseconds longest_hold{30'000};
  static constexpr std::chrono::milliseconds probe_period{1'000};
  static constexpr unsigned longest_ejection = 10;  // times the first

  bool available(time_point now) const noexcept { return available_from() <= now; }
  time_point available_from() const noexcept { return std::max(held_until_, ejected_until_); }
  standing at(time_point now) const noexcept;
  /// Ejected, or waiting behind an ejection for a probe that succeeds.
  bool on_probation() const noexcept { return on_probation_; }
  time_point tried_at() const noexcept { return tried_at_; }
  /// It was tried behind its latest failure or ejection, and what came of that is not known yet.
  bool probed() const noexcept {
    return (holds_ > 0 || on_probation_) && tried_at_ > held_at_ && tried_at_ > ejected_at_;
  }

  /// It is dialled now. After a failure or an ejection there is no second try within the probe period.
  void tried(time_point now) noexcept;
  /// A dial succeeded. True if that ended an ejection; a dial that was under way when it began does not.
  bool succeeded() noexcept;
  /// A channel lived.
  void proved() noexcept;

  /// How long the next hold lasts, before jitter: the shortest, doubled by every hold in a row, up to the longest.
  std::chrono::milliseconds next_hold() const noexcept;
  /// What was under way when the latest hold began knows nothing newer, and changes nothing: an instance that dies is
  /// met by many dials at once.
  void hold(trouble why, time_point until, time_point now) noexcept;

  /// Counts a fault; true if it is reason to eject: the `limit`th in a row, or that of a probe. What was under way when
  /// the instance was ejected is not counted.
  bool counts_out(trouble fault, std::size_t limit) noexcept;
  /// For `base` the first time, twice that the second time in a row, and so on, at most ten times.
  void eject(duration base, time_point now) noexcept;

 private:
  bool untried_since_ejection() const noexcept { return on_probation_ && tried_at_ <= ejected_at_; }

  time_point held_at_{};
  time_point held_until_{};
  time_point ejected_until_{};
  time_point ejected_at_{};
  time_point tried_at_{};
  unsigned holds_ = 0;                // in a row
  std::size_t handshake_faults_ = 0;  // in a row
  std::size_t channel_faults_ = 0;    // in a row
  unsigned ejections_ = 0;            // in a row
  bool on_probation_ = false;
  std::optional<trouble> last_;
};

}  // namespace gw::cluster
