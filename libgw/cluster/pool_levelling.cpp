// What a pool knows about where open channels belong: a part of the class, which is about new ones.
#include "cluster/pool.hpp"

namespace gw::cluster {

levelling pool::level(std::size_t worker, time_point now) const {
  std::vector<place> places;
  for (std::size_t i = 0; i < records_.size(); ++i) {
    auto const& r = records_[i];
    if (r.barred()) continue;
    bool const takes_part = r.chosen && r.available(now) && !policy_->goes_by_key();
    auto const group = (r.in_canary ? 2U : 0U) + (r.in_our_zone ? 1U : 0U);
    auto const one = candidate_at(i, now);
    places.push_back({.id = r.id,
                      .group = takes_part ? group : place::alone,
                      .channels = one.channels(),
                      .own = starts_slowly(r, now) ? 0 : one.load->of(worker),  // it takes, but does not give
                      .strength = one.strength()});
  }
  return levelling(places);
}

}  // namespace gw::cluster
