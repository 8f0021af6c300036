// Moves the quiet channels of one service to other instances, where its `rehome` asks for that: away from instances
// that drain or have left, and to those that have fewer. Looks once a second, and moves so many that the pace is kept.
// One per worker and service, owned by the worker.
#pragma once

#include "net/timer_wheel.hpp"

#include <boost/intrusive/list.hpp>

#include <cstddef>
#include <cstdint>

namespace gw::gateway {

class worker;

/// A channel, for whoever moves it.
class movable : public boost::intrusive::list_base_hook<> {
 protected:
  ~movable() = default;
};

class rehoming {
 public:
  rehoming(worker& on, std::uint32_t service);
  rehoming(rehoming const&) = delete;
  rehoming& operator=(rehoming const&) = delete;

  /// A channel that is open and has its place. Ignored where nothing is to move.
  void enter(movable& open);
  /// It does not move any more. Ignored if it is not here.
  void leave(movable& gone) noexcept;
  /// A channel that is to take another's place is dialled, and what came of it is known. Until then it counts at both
  /// instances, and nobody else moves.
  void move_began() noexcept { ++under_way_; }
  void move_ended() noexcept { --under_way_; }
  /// Some may have left or begun to drain.
  void instances_changed() noexcept { somebody_may_leave_ = true; }

 private:
  static void on_tick(void* self);
  void look();

  worker& worker_;
  std::uint32_t service_;
  boost::intrusive::list<movable> channels_;
  net::timer tick_;
  time_point looked_at_{};
  double allowance_ = 0;  // how many may move now
  std::size_t under_way_ = 0;
  bool somebody_may_leave_ = true;
};

}  // namespace gw::gateway
