// How many sessions somebody has over all workers: a client name, a listener. Asked once per handshake, so a lock is
// fine.
#pragma once

#include <cstddef>
#include <mutex>
#include <string>
#include <unordered_map>
#include <utility>

namespace gw::gateway {

class seats;

/// Counts one session for as long as it exists. Movable; empty ones count nothing.
class seat {
 public:
  seat() noexcept = default;
  seat(seat&& other) noexcept : of_(std::exchange(other.of_, nullptr)), name_(other.name_) {}
  seat& operator=(seat&& other) noexcept {
    std::swap(of_, other.of_);
    std::swap(name_, other.name_);
    return *this;
  }
  ~seat();

 private:
  friend seats;
  seat(seats& of, std::string const& name) noexcept : of_(&of), name_(&name) {}

  seats* of_ = nullptr;
  std::string const* name_ = nullptr;  // in the book of `of_`
};

/// Any thread. Outlives its seats.
class seats {
 public:
  /// A seat for one more session of `name`. False: it has `most` already (0 = no limit).
  bool admit(std::string const& name, std::size_t most, seat& taken) {
    if (most == 0) return true;
    std::lock_guard const lock(mutex_);
    auto const at = counts_.try_emplace(name, 0).first;
    if (at->second >= most) return false;
    ++at->second;
    taken = seat(*this, at->first);
    return true;
  }

  std::size_t names() const {
    std::lock_guard const lock(mutex_);
    return counts_.size();
  }

 private:
  friend seat;
  void leave(std::string const& name) noexcept {
    std::lock_guard const lock(mutex_);
    auto const at = counts_.find(name);
    if (--at->second == 0) counts_.erase(at);
  }

  mutable std::mutex mutex_;
  std::unordered_map<std::string, std::size_t> counts_;  // of namees with at least one session
};

inline seat::~seat() {
  if (of_ != nullptr) of_->leave(*name_);
}

}  // namespace gw::gateway
