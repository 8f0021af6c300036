#include "cluster/reputation.hpp"

#include <algorithm>
#include <array>

namespace gw::cluster {
namespace {

constexpr auto texts = std::to_array<std::string_view>({
    "unreachable",
    "handshake not answered",
    "handshake answered with 5xx",
    "bad handshake",
    "heartbeat lost",
    "channel broke at once",
});
static_assert(texts.size() == static_cast<std::size_t>(trouble::broken_early) + 1);

bool is_of_channel(trouble what) {
  return what == trouble::heartbeat_lost || what == trouble::broken_early;
}

}  // namespace

std::string_view text_of(trouble what) noexcept {
  return texts[static_cast<std::size_t>(what)];
}

standing reputation::at(time_point now) const noexcept {
  auto const reason = last_ ? text_of(*last_) : std::string_view();
  if (ejected_until_ > now) return {standing::kind::ejected, reason, ejected_until_};
  if (held_until_ > now) return {standing::kind::held, reason, held_until_};
  return {standing::kind::available, reason, {}};
}

void reputation::tried(time_point now) noexcept {
  tried_at_ = now;
  if (holds_ > 0 || on_probation_) held_until_ = std::max(held_until_, now + probe_period);
}

bool reputation::succeeded() noexcept {
  holds_ = 0;
  held_until_ = {};
  handshake_faults_ = 0;
  if (channel_faults_ == 0) last_.reset();
  if (!on_probation_ || untried_since_ejection()) return false;
  on_probation_ = false;
  ejected_until_ = {};
  if (channel_faults_ == 0) ejections_ = 0;
  return true;
}

void reputation::proved() noexcept {
  channel_faults_ = 0;
  if (on_probation_ || handshake_faults_ > 0 || holds_ > 0) return;
  ejections_ = 0;
  last_.reset();
}

std::chrono::milliseconds reputation::next_hold() const noexcept {
  return std::min(shortest_hold * (1U << std::min(holds_, 10U)), longest_hold);
}

void reputation::hold(trouble why, time_point until, time_point now) noexcept {
  if (holds_ > 0 && tried_at_ <= held_at_) return;
  ++holds_;
  held_at_ = now;
  held_until_ = until;
  last_ = why;
}

bool reputation::counts_out(trouble fault, std::size_t limit) noexcept {
  if (untried_since_ejection()) return false;
  last_ = fault;
  auto const in_a_row = ++(is_of_channel(fault) ? channel_faults_ : handshake_faults_);
  return on_probation_ || in_a_row >= limit;
}

void reputation::eject(duration base, time_point now) noexcept {
  ejections_ = std::min(ejections_ + 1, longest_ejection);
  ejected_at_ = now;
  ejected_until_ = now + base * ejections_;
  on_probation_ = true;
}

}  // namespace gw::cluster
