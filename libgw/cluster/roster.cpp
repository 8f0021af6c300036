#include "cluster/roster.hpp"

#include "cluster/hash.hpp"

#include <algorithm>

namespace gw::cluster {

void roster::clear(std::size_t instances) {
  for (auto* const zone : {&home_, &away_}) {
    zone->clear();
    zone->reserve(instances);
  }
  home_weight_ = free_home_weight_ = 0;
}

candidate* roster::add(candidate const& one, bool at_home, bool free) {
  if (at_home) home_weight_ += one.weight;
  if (!free) return nullptr;
  if (at_home) free_home_weight_ += one.weight;
  return &(at_home ? home_ : away_).emplace_back(one);
}

void roster::close() {
  prepare_draws(home_);
  prepare_draws(away_);
}

std::size_t roster::away_share() const noexcept {
  if (away_.empty()) return 0;
  if (home_.empty()) return whole;
  auto const at_home = free_home_weight_ * whole * whole / (home_weight_ * enough);
  return whole - std::min(at_home, whole);
}

std::span<candidate const> roster::among(bool away) const noexcept {
  return (away && !away_.empty()) || home_.empty() ? away_ : home_;
}

// M. D. Vose, "A linear algorithm for generating random numbers with a given distribution", 1991: who weighs less than
// the mean gives the rest of its place to one that weighs more, until everybody has a place of the mean.
void prepare_draws(std::span<candidate> all) {
  auto const differs = [&all](candidate const& c) { return c.weight != all.front().weight; };
  if (std::none_of(all.begin(), all.end(), differs)) return;
  double sum = 0;
  for (auto const& c : all) sum += static_cast<double>(c.weight);
  std::vector<double> left;  // in places
  std::vector<std::uint32_t> light;
  std::vector<std::uint32_t> heavy;
  auto const sort_in = [&](std::uint32_t i) { (left[i] < 1 ? light : heavy).push_back(i); };
  for (std::uint32_t i = 0; i < all.size(); ++i) {
    left.push_back(static_cast<double>(all[i].weight) * static_cast<double>(all.size()) / sum);
    sort_in(i);
  }
  while (!light.empty() && !heavy.empty()) {
    auto const giver = light.back();
    auto const taker = heavy.back();
    light.pop_back();
    heavy.pop_back();
    all[giver].stays = static_cast<std::uint32_t>(left[giver] * 0x1p32);
    all[giver].other = taker;
    left[taker] -= 1 - left[giver];
    sort_in(taker);
  }
}

bool splitter::draw(std::size_t share, std::optional<std::uint64_t> key) noexcept {
  if (key) return mixed(*key ^ salt_) % roster::whole < share;
  saved_ += share;
  if (saved_ < roster::whole) return false;
  saved_ -= roster::whole;
  return true;
}

}  // namespace gw::cluster
