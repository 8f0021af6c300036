#include "cluster/circuit.hpp"

#include <algorithm>

namespace gw::cluster {

std::int64_t circuit::number_of(time_point now) const noexcept {
  return now.time_since_epoch() / (duration(settings_.window) / static_cast<duration::rep>(slice_count));
}

circuit::slice& circuit::slice_at(time_point now) noexcept {
  auto const number = number_of(now);
  auto& s = slices_[static_cast<std::size_t>(number) % slice_count];
  if (s.number != number) s = {.number = number};
  return s;
}

bool circuit::too_many_failed(time_point now) const noexcept {
  auto const oldest = number_of(now) - static_cast<std::int64_t>(slice_count) + 1;
  std::size_t dials = 0;
  std::size_t failures = 0;
  for (auto const& s : slices_) {
    if (s.number < oldest) continue;
    dials += s.dials;
    failures += s.failures;
  }
  return dials >= settings_.min_dials && failures * 100 >= dials * settings_.failure_rate;
}

circuit::state circuit::at(time_point now) const noexcept {
  if (!tripped_) return state::closed;
  return now < open_until_ ? state::open : state::half_open;
}

duration circuit::wait(time_point now) noexcept {
  switch (at(now)) {
    case state::closed:
      return {};
    case state::open:
      return open_until_ - now;
    case state::half_open:
      break;
  }
  if (now < next_probe_) return next_probe_ - now;
  next_probe_ = now + probe_period;
  return {};
}

bool circuit::succeeded(time_point now) noexcept {
  switch (at(now)) {
    case state::closed:
      if (settings_.enabled()) ++slice_at(now).dials;
      return false;
    case state::open:  // it was under way before
      return false;
    case state::half_open:
      break;
  }
  tripped_ = false;
  slices_ = {};
  return true;
}

bool circuit::failed(time_point now) noexcept {
  if (!settings_.enabled() || tripped_) return false;
  auto& s = slice_at(now);
  ++s.dials;
  ++s.failures;
  if (!too_many_failed(now)) return false;
  tripped_ = true;
  open_until_ = now + settings_.open_for;
  next_probe_ = open_until_;
  return true;
}

}  // namespace gw::cluster
