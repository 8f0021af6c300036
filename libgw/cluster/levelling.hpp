// Which open channels of a service should move: away from instances that leave, and so that the others become equally
// loaded. Asked by whoever moves them; made by the pool, which knows the instances.
#pragma once

#include "cluster/instance.hpp"

#include <cstdint>
#include <optional>
#include <vector>

namespace gw::cluster {

/// An instance where channels may stay. They move between those of a group: others are for other clients, or in another
/// zone.
struct place {
  static constexpr unsigned alone = ~0U;  // the group of those that neither give nor take

  instance_id id{};
  unsigned group = 0;
  std::int64_t channels = 0;  // of all workers, open or dialling
  std::int64_t own = 0;       // those of ours
  std::int64_t strength = 1;  // channels should be in proportion to it
};

/// What a channel should do.
struct advice {
  bool goes = false;
  std::optional<instance_id> to = {};  // nothing: where the balancer says

  friend bool operator==(advice const&, advice const&) = default;
};

/// A plan for one moment. Each worker plans for itself: of what an instance has too much a worker moves the part that
/// is its own, so that all together do not move too much.
class levelling {
 public:
  explicit levelling(std::vector<place> const& all);

  /// Nobody has too many.
  bool is_level() const noexcept { return to_move_ == 0; }
  bool may_stay_at(instance_id where) const { return index_of(where) != all_.size(); }
  /// What a channel of ours at `from` should do; if that is to go, it counts as gone. Where channels may not stay they
  /// all go.
  advice advise(instance_id from);

 private:
  struct stand {
    place at;
    std::int64_t to_move = 0;  // of our channels
  };

  static bool emptier(stand const& a, stand const& b) noexcept;
  void judge(std::vector<stand>::iterator begin, std::vector<stand>::iterator end);
  std::size_t index_of(instance_id id) const;  // all_.size(): it is not there
  stand& emptiest(unsigned group);

  std::vector<stand> all_;  // by id
  std::int64_t to_move_ = 0;
};

}  // namespace gw::cluster
