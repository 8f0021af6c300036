// How much of a list is believed: a registry that forgets instances, or one that flaps, must not take a service away.
// Pure; time is passed in. Used by the watch.
#pragma once

#include "core/clock.hpp"
#include "discovery/source.hpp"

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <tuple>
#include <vector>

namespace gw::discovery {

/// The services of `held` that `fresh` lists without any instance or with less than half of them.
std::vector<std::string> doubtful_services(catalogue const& held, catalogue const& fresh);

/// Whether both say the same of these services. A service that is not listed is one without instances.
bool agree(catalogue const& a, catalogue const& b, std::vector<std::string> const& services);

/// `fresh`, with these services as `held` has them.
catalogue with_kept(catalogue fresh, catalogue const& held, std::vector<std::string> const& services);

/// Lets an instance come and go at once, but not again and again: one that turns within `calm` of its last turn stays
/// as it was until it has not turned for that long. The first list is no turn.
class damper {
 public:
  static constexpr duration calm = std::chrono::seconds(10);

  /// What of `listed` shall be seen now.
  catalogue through(catalogue const& listed, time_point now);
  /// When through() may have another answer for the same list; nothing if it will not.
  std::optional<time_point> settles_at() const;

 private:
  using key = std::tuple<std::string, std::string, std::uint16_t>;  // service, host, port
  struct state {
    offer last = {};
    bool listed = false;
    bool seen = false;
    time_point turned_at = {};
  };

  void turn(state& s, bool listed, time_point now) const;

  std::map<key, state> known_;
  bool is_first_ = true;
};

}  // namespace gw::discovery
