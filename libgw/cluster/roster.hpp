// Who of a service may be chosen now, and how new channels are shared between our zone and the others. Used by the
// pool, which knows why somebody may not be chosen.
#pragma once

#include "cluster/balancer.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

namespace gw::cluster {

/// Channels stay in our zone while at least 70 % of its weight may be chosen. Below that its part shrinks in proportion
/// (with 35 % of the weight it takes half of the channels), and other zones get the rest, so that what is left of our
/// zone is not run down. Where there is nobody else our zone takes all.
class roster {
 public:
  static constexpr std::size_t whole = 1'000;
  static constexpr std::size_t enough = 700;  // of 1,000

  /// Nobody, and room for `instances`.
  void clear(std::size_t instances);
  /// One more instance, be it free (it may be chosen) or not: where it is kept until the next clear(), null if not
  /// free.
  candidate* add(candidate const& one, bool at_home, bool free);

  /// After the last add(): prepares draws by weight.
  void close();

  bool empty() const noexcept { return home_.empty() && away_.empty(); }
  /// Of 1,000 new channels so many go to other zones.
  std::size_t away_share() const noexcept;
  /// Those to choose from; nobody only if empty(). `away`: those of other zones, if there are any.
  std::span<candidate const> among(bool away) const noexcept;

 private:
  std::vector<candidate> home_;
  std::vector<candidate> away_;
  std::size_t home_weight_ = 0;       // of all at home
  std::size_t free_home_weight_ = 0;  // of those that are free
};

/// Sets `stays` and `other` of all, so that a draw by them is one by weight.
void prepare_draws(std::span<candidate> all);

/// Gives that many of 1,000 to one side: those of equal keys always to the same, those without a key evenly spread.
class splitter {
 public:
  /// By splitters of different salts keys are split independently.
  explicit splitter(std::uint64_t salt) noexcept : salt_(salt) {}

  bool draw(std::size_t share, std::optional<std::uint64_t> key) noexcept;

 private:
  std::uint64_t salt_;
  std::size_t saved_ = 0;
};

}  // namespace gw::cluster
