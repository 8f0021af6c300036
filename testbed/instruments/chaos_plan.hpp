// What a chaos proxy does to the bytes of a connection, as its one argument says in JSON; and the dice for it, which
// fall by position in the byte stream: the same seed does the same, however the bytes arrive. (Not so delays, one for
// whatever is read at a time.)
#pragma once

#include "core/error.hpp"
#include "net/address.hpp"

#include <chrono>
#include <cstdint>
#include <optional>
#include <random>
#include <span>
#include <string_view>
#include <utility>

namespace gw::testbed {

/// Members of the JSON have these names; durations are "latency_ms" and so on, `to` and `listen` "IP:PORT". All but
/// `to` may be left out. "Every N bytes" means so often on average, at random.
struct chaos_plan {
  using milliseconds = std::chrono::milliseconds;
  using range = std::pair<std::uint64_t, std::uint64_t>;

  net::address to;
  net::address listen;  // 127.0.0.1:0
  std::uint64_t seed = 1;
  milliseconds latency{};                 // each way
  milliseconds jitter{};                  // 0 to so much on top; order is kept
  milliseconds coalesce{};                // what comes within this time leaves in one write
  std::uint64_t chop = 0;                 // cuts, 1 to so many bytes apart, that no write spans; 0: none
  std::uint64_t stall_every = 0;          // bytes; 0: never
  milliseconds stall{5000};               //
  std::uint64_t flip_every = 0;           // bytes between two flipped bits; 0: never
  std::uint64_t bytes_per_second = 0;     // each way; 0: no cap
  std::optional<range> reset_after;       // RST to both sides when so many bytes went one way
  std::optional<range> half_close_after;  // FIN that way, and the rest dropped

  static result<chaos_plan> parse(std::string_view json);
};

/// What happened to all connections together.
struct chaos_counts {
  std::uint64_t links = 0, bytes = 0, writes = 0, flips = 0, stalls = 0, resets = 0, half_closes = 0;
};

/// One direction of one connection. Pure.
class chaos_dice {
 public:
  chaos_dice(chaos_plan const& plan, std::uint64_t link, bool upward);

  /// Flips bits of the next bytes; returns how many.
  std::uint64_t damage(std::span<char> bytes);
  /// The size of the next write, of at most `most` (> 0) bytes, so that whatever comes at a position, a cut too, comes
  /// exactly there. Tells it with passed().
  std::size_t next_write(std::size_t most);

  enum class fault : std::uint8_t { none, stall, half_close, reset };
  /// `bytes` were written: what comes now?
  fault passed(std::size_t bytes);

  std::chrono::milliseconds delay();

 private:
  std::uint64_t next_cut();
  std::uint64_t next_stall();
  std::uint64_t to_next_flip();
  std::uint64_t within(std::optional<chaos_plan::range> const& range);

  chaos_plan const& plan_;
  std::mt19937_64 flips_, cuts_, stalls_, ends_, delays_;  // apart, so that one does not shift the others
  std::uint64_t read_ = 0;
  std::uint64_t written_ = 0;
  std::uint64_t next_flip_;
  std::uint64_t next_cut_;
  std::uint64_t next_stall_;
  std::uint64_t reset_at_;
  std::uint64_t half_close_at_;
};

}  // namespace gw::testbed
