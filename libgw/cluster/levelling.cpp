#include "cluster/levelling.hpp"

#include <algorithm>

namespace gw::cluster {
namespace {

/// Has `a` fewer channels than `b` for its strength, even with one more?
bool takes_from(place const& a, place const& b) noexcept {
  return (a.channels + 1) * b.strength < b.channels * a.strength;
}

}  // namespace

bool levelling::emptier(stand const& a, stand const& b) noexcept {
  return a.at.channels * b.at.strength < b.at.channels * a.at.strength;
}

levelling::levelling(std::vector<place> const& all) {
  for (auto const& p : all) all_.push_back({.at = p});
  auto const by_group = [](stand const& a, stand const& b) { return a.at.group < b.at.group; };
  std::sort(all_.begin(), all_.end(), by_group);
  for (auto at = all_.begin(); at != all_.end();) {
    auto const end = std::upper_bound(at, all_.end(), *at, by_group);
    if (at->at.group != place::alone) judge(at, end);
    at = end;
  }
  std::sort(all_.begin(), all_.end(), [](stand const& a, stand const& b) { return a.at.id < b.at.id; });
}

void levelling::judge(std::vector<stand>::iterator begin, std::vector<stand>::iterator end) {
  std::int64_t channels = 0;
  std::int64_t strength = 0;
  for (auto s = begin; s != end; ++s) {
    channels += s->at.channels;
    strength += s->at.strength;
  }
  auto const taker = std::min_element(begin, end, emptier)->at;
  for (auto s = begin; s != end; ++s) {
    auto const& p = s->at;
    if (!takes_from(taker, p)) continue;
    auto const too_many = p.channels - channels * p.strength / strength;
    s->to_move = (too_many * p.own + p.channels - 1) / p.channels;
    to_move_ += s->to_move;
  }
}

levelling::stand& levelling::emptiest(unsigned group) {
  return *std::min_element(all_.begin(), all_.end(), [group](stand const& a, stand const& b) {
    return a.at.group != b.at.group ? a.at.group == group : emptier(a, b);
  });
}

std::size_t levelling::index_of(instance_id id) const {
  auto const by_id = [](stand const& s, instance_id sought) { return s.at.id < sought; };
  auto const at = std::lower_bound(all_.begin(), all_.end(), id, by_id);
  bool const there = at != all_.end() && at->at.id == id;
  return there ? static_cast<std::size_t>(at - all_.begin()) : all_.size();
}

advice levelling::advise(instance_id from) {
  if (!may_stay_at(from)) return {.goes = true};
  auto& source = all_[index_of(from)];
  if (source.to_move == 0) return {};
  auto& target = emptiest(source.at.group);
  if (!takes_from(target.at, source.at)) {
    to_move_ -= source.to_move;
    source.to_move = 0;
    return {};
  }
  --source.to_move;
  --to_move_;
  --source.at.channels;
  ++target.at.channels;
  return {.goes = true, .to = target.at.id};
}

}  // namespace gw::cluster
