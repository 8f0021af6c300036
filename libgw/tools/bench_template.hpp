// A message or header value of a load test with blanks that are filled in for each message. Pure; used by the load
// generator.
#pragma once

#include "core/error.hpp"
#include "tools/csv_table.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace gw::tools {

/// SplitMix64: quick, and good enough for {random} and {uuid}. One thread.
class bench_random {
 public:
  explicit bench_random(std::uint64_t seed) noexcept : state_(seed) {}

  std::uint64_t next() noexcept {
    auto z = state_ += 0x9e3779b97f4a7c15;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
    z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
    return z ^ (z >> 31);
  }

 private:
  std::uint64_t state_;
};

/// Which message is filled in.
struct bench_blanks {
  std::uint64_t connection = 0;  // from 0
  std::uint64_t n = 0;           // ordinal of the message on its connection, from 1
  std::uint64_t next = 0;        // ordinal of the message in all, from 0
};

/// `{service}`, `{connection}`, `{n}`, `{random:1:1000}` (both ends included), `{uuid}`, `{time_us}` (of the wall
/// clock, for the latency of pushes), `{stamp}` (16 hexadecimal digits that no other message has) and `{csv:COLUMN}`
/// (as it stands in the file). `{{` is a brace. A brace in front of anything but a word stands for itself, so JSON is
/// written as it is. Nothing is allocated when it is filled in.
class bench_template {
 public:
  /// `service` is filled in at once. `rows`, null if there are none, outlives the template. errc::bad_usage: a word in
  /// braces that is none of these.
  static result<bench_template> parse(std::string_view text, std::string_view service, csv_table const* rows);

  /// The same for every message: text() is all of it.
  bool is_fixed() const noexcept { return parts_.size() < 2 && (parts_.empty() || parts_.front().what == kind::text); }
  std::string_view text() const noexcept { return parts_.empty() ? std::string_view() : parts_.front().text; }
  /// Bytes that it may have at most.
  std::size_t most() const noexcept { return most_; }

  /// Writes the message to `to`, which has room for most() bytes; returns its size.
  std::size_t fill(char* to, bench_blanks const& with, bench_random& random) const;

 private:
  enum class kind : std::uint8_t { text, connection, n, random, uuid, time_us, stamp, csv, next };
  struct part {
    kind what = kind::text;
    std::string text{};       // kind::text
    std::uint64_t least = 0;  // kind::random
    std::uint64_t most = 0;   // kind::random
    std::size_t column = 0;   // kind::csv and next
  };
  struct word;

  static word const* find(std::string_view name);
  static result<> read_random(part& to, std::string_view arguments);
  result<> read_column(part& to, std::string_view column) const;
  void add_text(std::string_view text);
  result<> add(std::string_view blank, std::string_view service);
  std::size_t most_of(part const& one) const noexcept;

  std::vector<part> parts_;
  csv_table const* rows_ = nullptr;
  std::size_t most_ = 0;
};

}  // namespace gw::tools
