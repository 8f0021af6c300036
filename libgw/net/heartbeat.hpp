// Does the other side of a peer still live, and does it take what we send? Part of a peer: it sends the pings, watches
// for life (PRODUCT.md section 4) and for output that does not drain.
#pragma once

#include "net/timer_wheel.hpp"
#include "wire/mask_keys.hpp"

#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>

namespace gw::net {

class peer;

/// How long a peer may be silent, or take nothing; zero = for ever.
struct patience {
  duration ping_interval{};
  duration pong_timeout{};
  duration stall{};  // above the high mark and nothing drained
};

/// The life rule. A ping leaves every `ping_interval`. Life is any byte received since, or progress of the peer's TCP
/// acknowledgements up to what was queued before the ping (its kernel would acknowledge the ping itself even if the
/// process hangs). Silence counts only while we read the peer, and never more than a quarter of the timeout per look,
/// so that our own lateness is not the peer's; before the verdict the socket is read once more.
class heartbeat {
 public:
  heartbeat(timer_wheel& wheel, peer& of) noexcept;
  ~heartbeat();

  void start(patience limits);
  void stop() noexcept;

  /// The peer's output rose above its high mark.
  void output_congested();
  /// A pong with this payload came: the round trip if it answers our latest ping.
  std::optional<duration> round_trip(std::string_view pong) const;
  /// Is `pong` the answer to a ping of ours?
  bool is_ours(std::string_view pong) const noexcept { return pong.starts_with(tag); }

  /// A last read was asked for, and has been done.
  bool wants_last_look() const noexcept { return last_look_; }
  void looked();

 private:
  static constexpr std::string_view tag = "wsgw-beat";

  struct ping_watch;   // while a ping is out
  struct drain_watch;  // while output is congested

  static void on_beat(void* self);
  static void on_drain_check(void* self);
  void rest();
  void ping();
  void check_life();
  void check_drain();
  time_point now() const noexcept { return beat_.wheel().now(); }

  peer& peer_;
  patience limits_{};
  timer beat_;
  bool last_look_ = false;
  std::uint32_t pings_ = 0;
  std::unique_ptr<ping_watch> ping_;
  std::unique_ptr<drain_watch> drain_;
};

}  // namespace gw::net
