#include "core/histogram.hpp"

#include <algorithm>
#include <bit>
#include <cmath>
#include <functional>

namespace gw {
namespace {

/// Slots of power 0 are 1 wide and begin at 0; those of power n > 0 are 2^(n-1) wide and begin at 1024 * 2^(n-1).
constexpr int bits_per_power = 10;

constexpr std::size_t power_of(std::uint64_t value) noexcept {
  return static_cast<std::size_t>(std::max(0, static_cast<int>(std::bit_width(value)) - bits_per_power));
}

constexpr std::size_t shift_of(std::size_t power) noexcept {
  return power == 0 ? 0 : power - 1;
}

constexpr std::size_t slot_of(std::uint64_t value, std::size_t power) noexcept {
  return static_cast<std::size_t>((value >> shift_of(power)) & ((1U << bits_per_power) - 1));
}

constexpr std::uint64_t greatest_in(std::size_t power, std::size_t slot) noexcept {
  std::uint64_t const first = power == 0 ? slot : slot + (1U << bits_per_power);
  return ((first + 1) << shift_of(power)) - 1;
}

}  // namespace

void histogram::record_n(std::uint64_t value, std::uint64_t times) {
  static_assert(slots_per_power == 1U << bits_per_power && power_of(most) == powers - 1);
  if (times == 0) return;
  value = std::min(value, most);
  auto const at = power_of(value);
  if (!powers_[at]) powers_[at] = std::make_unique<power>();
  (*powers_[at])[slot_of(value, at)] += times;
  count_ += times;
  min_ = std::min(min_, value);
  max_ = std::max(max_, value);
  sum_ += static_cast<double>(value) * static_cast<double>(times);
}

void histogram::merge(histogram const& other) {
  for (std::size_t i = 0; i < powers; ++i) {
    if (!other.powers_[i]) continue;
    if (!powers_[i]) powers_[i] = std::make_unique<power>();
    std::transform(powers_[i]->begin(), powers_[i]->end(), other.powers_[i]->begin(), powers_[i]->begin(),
                   std::plus<>());
  }
  count_ += other.count_;
  min_ = std::min(min_, other.min_);
  max_ = std::max(max_, other.max_);
  sum_ += other.sum_;
}

histogram histogram::since(histogram const& earlier) const {
  histogram made;
  for (std::size_t i = 0; i < powers; ++i) {
    if (!powers_[i]) continue;
    for (std::size_t slot = 0; slot < slots_per_power; ++slot) {
      auto const before = earlier.powers_[i] ? (*earlier.powers_[i])[slot] : 0;
      auto const times = (*powers_[i])[slot] - before;
      made.record_n(std::min(greatest_in(i, slot), max_), times);
    }
  }
  made.sum_ = sum_ - earlier.sum_;
  return made;
}

void histogram::for_each_slot(std::function<void(std::uint64_t, std::uint64_t)> const& each) const {
  for (std::size_t i = 0; i < powers; ++i) {
    if (!powers_[i]) continue;
    for (std::size_t slot = 0; slot < slots_per_power; ++slot) {
      auto const times = (*powers_[i])[slot];
      if (times != 0) each(std::clamp(greatest_in(i, slot), min_, max_), times);
    }
  }
}

std::uint64_t histogram::value_at_percentile(double percent) const noexcept {
  if (count_ == 0) return 0;
  // A hair less than asked for, so that rounding never reaches for the value behind: 99.9 % of 1000 is the 999th.
  auto const share = std::nextafter(std::clamp(percent, 0.0, 100.0), 0.0);
  auto const rank = std::ceil(share * static_cast<double>(count_) / 100.0);
  auto const wanted = std::clamp(static_cast<std::uint64_t>(rank), std::uint64_t{1}, count_);
  std::uint64_t seen = 0;
  for (std::size_t i = 0; i < powers; ++i) {
    if (!powers_[i]) continue;
    for (std::size_t slot = 0; slot < slots_per_power; ++slot) {
      seen += (*powers_[i])[slot];
      if (seen >= wanted) return std::clamp(greatest_in(i, slot), min_, max_);
    }
  }
  return max_;
}

bucket_counts::bucket_counts(std::span<std::uint64_t const> bounds) : bounds_(bounds), counts_(bounds.size() + 1) {}

void bucket_counts::record(std::uint64_t value) noexcept {
  // The only writer: a load and a store, not a locked addition.
  auto const add = [](std::atomic<std::uint64_t>& to, std::uint64_t amount) {
    to.store(to.load(std::memory_order_relaxed) + amount, std::memory_order_relaxed);
  };
  auto const bucket = std::lower_bound(bounds_.begin(), bounds_.end(), value) - bounds_.begin();
  add(counts_[static_cast<std::size_t>(bucket)], 1);
  add(sum_, value);
}

void bucket_counts::add_to(totals& all) const {
  all.cumulative.resize(counts_.size());
  std::uint64_t below = 0;
  for (std::size_t i = 0; i < counts_.size(); ++i) {
    below += counts_[i].load(std::memory_order_relaxed);
    all.cumulative[i] += below;
  }
  all.sum += sum_.load(std::memory_order_relaxed);
}

}  // namespace gw
