#include "net/heartbeat.hpp"

#include "net/peer.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace gw::net {
namespace {

// Looks per timeout: the verdict comes at most one step late.
constexpr int steps = 8;

/// Time since `last`, at most two steps: if we come later than that, the peer is not to blame.
duration step_since(time_point last, time_point now, duration timeout) {
  return std::min(now - last, 2 * timeout / steps);
}

}  // namespace

struct heartbeat::ping_watch {
  ping_watch(peer const& of, time_point now)
      : heard(of.bytes_in()),
        before_ping(of.handed() + of.unsent()),
        acknowledged(progress(of)),
        pinged_at(now),
        looked_at(now) {}

  std::uint64_t progress(peer const& of) const noexcept { return std::min(of.acknowledged(), before_ping); }

  std::uint64_t heard;         // bytes received when the ping was queued
  std::uint64_t before_ping;   // bytes of output before the ping
  std::uint64_t acknowledged;  // of these, at the last look
  time_point pinged_at;
  time_point looked_at;
  duration silence{};
};

struct heartbeat::drain_watch {
  explicit drain_watch(heartbeat& of)
      : check(of.beat_.wheel(), on_drain_check, &of), drained(of.peer_.acknowledged()), looked_at(of.now()) {}

  timer check;
  std::uint64_t drained;  // bytes acknowledged at the last look
  time_point looked_at;
  duration stuck{};
};

heartbeat::heartbeat(timer_wheel& wheel, peer& of) noexcept : peer_(of), beat_(wheel, on_beat, this) {}

heartbeat::~heartbeat() = default;

void heartbeat::start(patience limits) {
  limits_ = limits;
  rest();
}

void heartbeat::stop() noexcept {
  limits_ = {};
  last_look_ = false;
  beat_.stop();
  ping_.reset();
  drain_.reset();
}

void heartbeat::on_beat(void* self) {
  auto& h = *static_cast<heartbeat*>(self);
  if (h.ping_) {
    h.check_life();
  } else {
    h.ping();
  }
}

void heartbeat::on_drain_check(void* self) {
  static_cast<heartbeat*>(self)->check_drain();
}

// --- 1. life ---

void heartbeat::rest() {
  last_look_ = false;
  ping_.reset();
  if (limits_.ping_interval == duration{}) return;
  // A little earlier, each peer differently, so that a thousand that came together are not pinged together.
  auto const spread = limits_.ping_interval / 8;
  auto const drawn = peer_.any_byte();
  beat_.start(limits_.ping_interval - spread * drawn / 256);
}

void heartbeat::ping() {
  ping_ = std::make_unique<ping_watch>(peer_, now());
  peer_.send_message(wire::opcode::ping, fmt::format("{}{}", tag, ++pings_));
  beat_.start(limits_.pong_timeout / steps);
}

void heartbeat::check_life() {
  auto& w = *ping_;
  if (peer_.bytes_in() != w.heard) return rest();
  auto const at = now();
  auto const acknowledged = w.progress(peer_);
  if (acknowledged != w.acknowledged) {
    w.acknowledged = acknowledged;
    w.silence = {};
  } else if (peer_.may_read()) {
    w.silence += step_since(w.looked_at, at, limits_.pong_timeout);
  }
  w.looked_at = at;
  if (w.silence < limits_.pong_timeout) return beat_.start(limits_.pong_timeout / steps);
  last_look_ = true;
  peer_.look_once_more();
}

void heartbeat::looked() {
  last_look_ = false;
  if (peer_.bytes_in() != ping_->heard) return rest();
  if (peer_.may_read()) return peer_.silent();
  beat_.start(limits_.pong_timeout / steps);
}

std::optional<duration> heartbeat::round_trip(std::string_view pong) const {
  if (!ping_ || pong != fmt::format("{}{}", tag, pings_)) return std::nullopt;
  return now() - ping_->pinged_at;
}

// --- 2. output ---

void heartbeat::output_congested() {
  if (limits_.stall == duration{} || drain_) return;
  drain_ = std::make_unique<drain_watch>(*this);
  drain_->check.start(limits_.stall / steps);
}

void heartbeat::check_drain() {
  if (!peer_.congested()) return drain_.reset();
  auto& w = *drain_;
  auto const at = now();
  auto const drained = peer_.acknowledged();
  w.stuck = drained != w.drained ? duration{} : w.stuck + step_since(w.looked_at, at, limits_.stall);
  w.drained = drained;
  w.looked_at = at;
  if (w.stuck >= limits_.stall) return peer_.stalled();
  w.check.start(limits_.stall / steps);
}

}  // namespace gw::net
