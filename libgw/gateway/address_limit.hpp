// How many sessions each client address has, over all workers. Asked once per handshake, so a lock is fine.
#pragma once

#include <cstddef>
#include <mutex>
#include <string>
#include <unordered_map>
#include <utility>

namespace gw::gateway {

class address_limit;

/// Counts one session of an address for as long as it exists. Movable; empty ones count nothing.
class address_seat {
 public:
  address_seat() noexcept = default;
  address_seat(address_limit& of, std::string address) : of_(&of), address_(std::move(address)) {}
  address_seat(address_seat&& other) noexcept
      : of_(std::exchange(other.of_, nullptr)), address_(std::move(other.address_)) {}
  address_seat& operator=(address_seat&& other) noexcept {
    std::swap(of_, other.of_);
    std::swap(address_, other.address_);
    return *this;
  }
  ~address_seat();

 private:
  address_limit* of_ = nullptr;
  std::string address_;
};

/// Any thread. Outlives its seats.
class address_limit {
 public:
  /// A seat for one more session of `address`. False: it has `most` already (0 = no limit).
  bool admit(std::string const& address, std::size_t most, address_seat& seat) {
    if (most == 0) return true;
    std::lock_guard const lock(mutex_);
    auto const at = counts_.try_emplace(address, 0).first;
    if (at->second >= most) return false;
    ++at->second;
    seat = address_seat(*this, address);
    return true;
  }

  std::size_t addresses() const {
    std::lock_guard const lock(mutex_);
    return counts_.size();
  }

 private:
  friend address_seat;
  void leave(std::string const& address) noexcept {
    std::lock_guard const lock(mutex_);
    auto const at = counts_.find(address);
    if (--at->second == 0) counts_.erase(at);
  }

  mutable std::mutex mutex_;
  std::unordered_map<std::string, std::size_t> counts_;  // of addresses with at least one session
};

inline address_seat::~address_seat() {
  if (of_ != nullptr) of_->leave(address_);
}

}  // namespace gw::gateway
