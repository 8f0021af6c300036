#include "cluster/latency.hpp"

#include <algorithm>
#include <cmath>

namespace gw::cluster {
namespace {

using seconds = std::chrono::duration<double>;

/// What is left of a value after `passed`.
double faded(duration passed) {
  return std::exp(-std::max(seconds(passed), seconds(0)) / seconds(latency_estimate::memory));
}

}  // namespace

void latency_estimate::observe(duration latency, time_point now) noexcept {
  auto const fresh = std::max(seconds(latency).count(), 0.0);
  auto const kept = faded(now - observed_);
  seconds_ = fresh > seconds_ ? fresh : seconds_ * kept + fresh * (1 - kept);
  observed_ = now;
}

double latency_estimate::at(time_point now) const noexcept {
  return seconds_ > 0 ? seconds_ * faded(now - observed_) : 0;
}

}  // namespace gw::cluster
