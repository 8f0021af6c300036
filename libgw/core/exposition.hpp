// Writes metrics in the Prometheus text format 0.0.4. Used by whoever answers a scrape; knows no metric by name.
// Label values are bounded sets from the configuration or from our own enumerations (service, rule, reason). What a
// peer can choose (session, user, raw path) never becomes one: each new value is a time series kept for weeks.
#pragma once

#include "core/histogram.hpp"

#include <concepts>
#include <cstdint>
#include <initializer_list>
#include <span>
#include <string>
#include <string_view>

namespace gw {

enum class metric_type : std::uint8_t { counter, gauge, histogram };

/// Refers to its texts. `name` is ours, `value` is any UTF-8.
struct label {
  std::string_view name;
  std::string_view value;
};

class exposition {
 public:
  static constexpr std::string_view content_type = "text/plain; version=0.0.4; charset=utf-8";

  /// Opens a family, once per name. Its samples follow before the next family.
  void family(std::string_view name, std::string_view help, metric_type type);

  /// Integers are printed in full, doubles with as many digits as tell them apart from their neighbours.
  template <std::integral T>
  void sample(std::string_view name, std::initializer_list<label> labels, T value) {
    if constexpr (std::signed_integral<T>) {
      write(name, labels, std::int64_t{value});
    } else {
      write(name, labels, std::uint64_t{value});
    }
  }
  void sample(std::string_view name, std::initializer_list<label> labels, double value);

  /// The samples of one histogram: name_bucket for each bound and +Inf, name_sum, name_count. `values` were counted
  /// with these `bounds`; `per_base_unit` turns them into the base unit (1e9 for nanoseconds shown as seconds).
  void histogram(std::string_view name, std::initializer_list<label> labels, std::span<std::uint64_t const> bounds,
                 bucket_counts::totals const& values, double per_base_unit);

  /// The text so far; leaves this empty.
  std::string take();

 private:
  void write(std::string_view name, std::initializer_list<label> labels, std::int64_t value);
  void write(std::string_view name, std::initializer_list<label> labels, std::uint64_t value);

  std::string text_;
};

}  // namespace gw
