// Reads what the load generator looks for in JSON: the value that a message and its answer have in common, and the time
// at which an unasked message left. Used by the generator, one a thread.
#pragma once

#include "core/error.hpp"
#include "route/json_fields.hpp"
#include "tools/bench_plan.hpp"

#include <cstdint>
#include <optional>
#include <string_view>

namespace gw::tools {

class bench_reader {
 public:
  /// errc::bad_usage: `match` or `push` of the plan is no JSON Pointer.
  static result<> judge(bench_plan const& plan);
  explicit bench_reader(bench_plan const& plan);

  bool matches() const noexcept { return match_.has_value(); }
  /// There is something to look for.
  bool wants_to_read() const noexcept { return match_.has_value() || push_.has_value(); }

  /// Looks through a whole message; what was found holds until the next one.
  void read(std::string_view text);

  /// A hash of the string, number or word at `match`.
  std::optional<std::uint64_t> key() const noexcept { return hash_at(match_); }
  /// The same of what an error frame of the gateway echoes of the message, as far as it does.
  std::optional<std::uint64_t> echoed_key() const noexcept { return key() ? key() : hash_at(echo_); }
  /// Microseconds of the wall clock at `push`.
  std::optional<std::int64_t> pushed_at_us() const noexcept;

 private:
  std::optional<std::uint64_t> hash_at(std::optional<std::size_t> field) const noexcept;

  route::json_fields fields_;
  std::optional<std::size_t> match_{};
  std::optional<std::size_t> echo_{};
  std::optional<std::size_t> push_{};
  bool found_ = false;
};

}  // namespace gw::tools
