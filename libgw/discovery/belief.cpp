#include "discovery/belief.hpp"

#include <algorithm>

namespace gw::discovery {
namespace {

std::vector<offer> const& offers_in(catalogue const& from, std::string const& service) {
  static std::vector<offer> const none;
  auto const at = from.find(service);
  return at == from.end() ? none : at->second;
}

}  // namespace

std::vector<std::string> doubtful_services(catalogue const& held, catalogue const& fresh) {
  std::vector<std::string> doubtful;
  for (auto const& [service, offers] : held) {
    if (offers_in(fresh, service).size() * 2 < offers.size()) doubtful.push_back(service);
  }
  return doubtful;
}

bool agree(catalogue const& a, catalogue const& b, std::vector<std::string> const& services) {
  return std::all_of(services.begin(), services.end(),
                     [&](std::string const& s) { return offers_in(a, s) == offers_in(b, s); });
}

catalogue with_kept(catalogue fresh, catalogue const& held, std::vector<std::string> const& services) {
  for (auto const& s : services) fresh[s] = offers_in(held, s);
  return fresh;
}

void damper::turn(state& s, bool listed, time_point now) const {
  bool const settled = now - s.turned_at >= calm;
  if (s.listed != listed) {
    s.listed = listed;
    s.turned_at = is_first_ ? now - calm : now;
  }
  if (settled) s.seen = listed;
}

catalogue damper::through(catalogue const& listed, time_point now) {
  std::map<key, offer const*> offered;
  catalogue seen;
  for (auto const& [service, offers] : listed) {
    seen[service];
    for (auto const& o : offers) offered.emplace(key{service, o.host, o.port}, &o);
  }
  for (auto const& [k, o] : offered) {
    auto& s =
        known_.try_emplace(k, state{.last = {}, .listed = false, .seen = false, .turned_at = now - calm}).first->second;
    s.last = *o;
  }
  for (auto at = known_.begin(); at != known_.end();) {
    auto& [k, s] = *at;
    turn(s, offered.contains(k), now);
    if (s.seen) seen[std::get<0>(k)].push_back(s.last);
    bool const forgotten = !s.seen && !s.listed && now - s.turned_at >= calm;
    at = forgotten ? known_.erase(at) : std::next(at);
  }
  is_first_ = is_first_ && offered.empty();
  return seen;
}

std::optional<time_point> damper::settles_at() const {
  std::optional<time_point> first;
  for (auto const& [k, s] : known_) {
    if (s.listed == s.seen) continue;
    auto const at = s.turned_at + calm;
    if (!first || at < *first) first = at;
  }
  return first;
}

}  // namespace gw::discovery
