#include "cluster/rendezvous.hpp"

#include "cluster/hash.hpp"

#include <algorithm>
#include <cmath>

namespace gw::cluster {
namespace {

std::uint64_t bits_drawn(candidate const& c, std::uint64_t key) {
  return mixed(key ^ c.address_hash) >> 12;
}

/// How many channels one may have.
class bounds {
 public:
  explicit bounds(std::span<candidate const> among) noexcept {
    for (auto const& c : among) {
      channels_ += c.channels();
      strength_ += c.strength();
    }
  }

  /// With one channel more of all: at most 5/4 of its part, rounded up. So there is always somebody who has room.
  bool leave_room_at(candidate const& c) const noexcept {
    auto const own = c.channels();
    return own < never_full || own * strength_ * 4 < (channels_ + 1) * c.strength() * 5;
  }

  static constexpr std::int64_t never_full = 16;

 private:
  std::int64_t channels_ = 0;
  std::int64_t strength_ = 0;
};

/// Of equal strength the highest number wins, and needs no logarithm to be found.
template <class May>
std::size_t among_equals(std::span<candidate const> among, std::uint64_t key, May may) {
  std::size_t best = 0;
  std::uint64_t most = 0;
  for (std::size_t i = 0; i < among.size(); ++i) {
    auto const bits = bits_drawn(among[i], key);
    bool const better = bits > most && may(among[i]);
    best = better ? i : best;
    most = better ? bits : most;
  }
  return best;
}

/// The highest ln(u) / strength wins, u being even over (0, 1).
template <class May>
std::size_t among_unequals(std::span<candidate const> among, std::uint64_t key, May may) {
  std::size_t best = 0;
  double most = -HUGE_VAL;
  for (std::size_t i = 0; i < among.size(); ++i) {
    auto const u = (static_cast<double>(bits_drawn(among[i], key)) + 0.5) * 0x1p-52;
    auto const strength = static_cast<double>(among[i].strength());
    // As ln(u) <= u - 1, most candidates lose without a logarithm.
    if (u - 1 <= most * strength) continue;
    auto const score = std::log(u) / strength;
    if (score > most && may(among[i])) {
      most = score;
      best = i;
    }
  }
  return best;
}

template <class May>
std::size_t highest(std::span<candidate const> among, std::uint64_t key, May may) {
  auto const differs = [first = among.front().strength()](candidate const& c) { return c.strength() != first; };
  return std::none_of(among.begin(), among.end(), differs) ? among_equals(among, key, may)
                                                           : among_unequals(among, key, may);
}

}  // namespace

std::size_t rendezvous(std::span<candidate const> among, std::uint64_t key) noexcept {
  return highest(among, key, [](candidate const&) { return true; });
}

std::size_t rendezvous_within_bounds(std::span<candidate const> among, std::uint64_t key) noexcept {
  auto const first = rendezvous(among, key);
  if (among[first].channels() < bounds::never_full) return first;
  bounds const all(among);
  if (all.leave_room_at(among[first])) return first;
  return highest(among, key, [&all](candidate const& c) { return all.leave_room_at(c); });
}

}  // namespace gw::cluster
