// Distributions of durations and sizes. `histogram` keeps every value to 3 significant digits, for reports (bench);
// `bucket_counts` keeps a few fixed buckets that another thread may read, for metrics. Neither knows its unit.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <functional>
#include <limits>
#include <memory>
#include <span>
#include <vector>

namespace gw {

/// A log-linear histogram: each power of two is divided into 1024 equal slots, so a slot is at most 0.1 % of its values
/// wide. A power of two costs 8 KiB once it holds a value, and nothing before. One thread at a time.
class histogram {
 public:
  /// The greatest value told apart (18 minutes in nanoseconds, 1 TiB in bytes); greater ones are recorded as this.
  static constexpr std::uint64_t most = std::uint64_t{1} << 40;

  void record(std::uint64_t value) { record_n(value, 1); }

  /// Records `value` `times` times.
  void record_n(std::uint64_t value, std::uint64_t times);

  /// Adds what `other` holds.
  void merge(histogram const& other);

  /// What was recorded since it was like `earlier`: that many less in each slot. The least and the greatest value of
  /// the difference are known to 3 digits only.
  histogram since(histogram const& earlier) const;

  /// Calls `each(greatest value of the slot, how often)` for the slots that hold values, in order.
  void for_each_slot(std::function<void(std::uint64_t, std::uint64_t)> const& each) const;

  std::uint64_t count() const noexcept { return count_; }

  /// The least and the greatest value, exactly; 0 if there are none.
  std::uint64_t min() const noexcept { return count_ == 0 ? 0 : min_; }
  std::uint64_t max() const noexcept { return max_; }

  /// The mean of the values, not of their slots; 0 if there are none.
  double mean() const noexcept { return count_ == 0 ? 0.0 : sum_ / static_cast<double>(count_); }

  /// The least value that is, to 3 digits, not below `percent` (0 to 100) of all values; never less than the true one,
  /// at most 0.1 % more. 0 if there are none.
  std::uint64_t value_at_percentile(double percent) const noexcept;

 private:
  static constexpr std::size_t slots_per_power = 1024;
  static constexpr std::size_t powers = 32;
  using power = std::array<std::uint64_t, slots_per_power>;

  std::array<std::unique_ptr<power>, powers> powers_;
  std::uint64_t count_ = 0;
  std::uint64_t min_ = std::numeric_limits<std::uint64_t>::max();
  std::uint64_t max_ = 0;
  double sum_ = 0.0;
};

/// Counts per fixed bucket, as Prometheus histograms want them. One thread records; any thread may read meanwhile.
class bucket_counts {
 public:
  /// What several of them (one per worker) hold together.
  struct totals {
    std::vector<std::uint64_t> cumulative;  // per bound the values up to it; last: all values
    std::uint64_t sum = 0;                  // of the values

    std::uint64_t count() const noexcept { return cumulative.empty() ? 0 : cumulative.back(); }
  };

  /// `bounds`: the greatest value of each bucket, ascending; a bucket without bound follows them. They are referred to:
  /// pass a table that lives as long as the program.
  explicit bucket_counts(std::span<std::uint64_t const> bounds);

  void record(std::uint64_t value) noexcept;

  /// Adds to `all`, which is empty or was filled by bucket_counts of the same bounds. Values recorded meanwhile are
  /// either in or not; the count always equals the last bucket.
  void add_to(totals& all) const;

  std::span<std::uint64_t const> bounds() const noexcept { return bounds_; }

 private:
  std::span<std::uint64_t const> bounds_;
  std::vector<std::atomic<std::uint64_t>> counts_;
  std::atomic<std::uint64_t> sum_ = 0;
};

}  // namespace gw
