#include "cluster/rendezvous.hpp"

#include "cluster/hash.hpp"

#include <algorithm>
#include <cmath>

namespace gw::cluster {
namespace {

std::uint64_t bits_drawn(candidate const& c, std::uint64_t key) {
  return mixed(key ^ c.address_hash) >> 12;
}

/// Of equal strength the highest number wins, and needs no logarithm to be found.
std::size_t among_equals(std::span<candidate const> among, std::uint64_t key) {
  std::size_t best = 0;
  std::uint64_t most = 0;
  for (std::size_t i = 0; i < among.size(); ++i) {
    auto const bits = bits_drawn(among[i], key);
    best = bits > most ? i : best;
    most = std::max(most, bits);
  }
  return best;
}

/// The highest ln(u) / strength wins, u being even over (0, 1).
std::size_t among_unequals(std::span<candidate const> among, std::uint64_t key) {
  std::size_t best = 0;
  double most = -HUGE_VAL;
  for (std::size_t i = 0; i < among.size(); ++i) {
    auto const u = (static_cast<double>(bits_drawn(among[i], key)) + 0.5) * 0x1p-52;
    auto const strength = static_cast<double>(among[i].strength());
    // As ln(u) <= u - 1, most candidates lose without a logarithm.
    if (u - 1 <= most * strength) continue;
    auto const score = std::log(u) / strength;
    if (score > most) {
      most = score;
      best = i;
    }
  }
  return best;
}

}  // namespace

std::size_t rendezvous(std::span<candidate const> among, std::uint64_t key) noexcept {
  auto const differs = [first = among.front().strength()](candidate const& c) { return c.strength() != first; };
  return std::none_of(among.begin(), among.end(), differs) ? among_equals(among, key) : among_unequals(among, key);
}

}  // namespace gw::cluster
