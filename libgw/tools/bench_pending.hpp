// Messages on their way whose answers are known by a key and may come in any order. Used by the load generator, one
// table a connection; knows nothing of JSON.
#pragma once

#include "core/clock.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

namespace gw::tools {

/// When a message was to leave, and when it left: the same in a closed loop.
struct bench_departure {
  time_point planned{};
  time_point sent{};
};

/// A hash table with open addressing: nothing is allocated once it is as large as it needs to be. Keys are hashes of 64
/// bits, taken for equal if they are; two messages of one key are both kept, and whichever is found first is taken.
class bench_pending {
 public:
  struct message {
    std::uint64_t key = 0;
    bench_departure left{};
    std::size_t service = 0;
    std::uint64_t digest = 0;  // of its text
  };

  std::size_t size() const noexcept { return size_; }

  void add(message const& one) {
    if ((size_ + 1) * 2 > slots_.size()) grow();
    place(one);
    ++size_;
  }

  std::optional<message> take(std::uint64_t key) {
    if (size_ == 0) return std::nullopt;
    for (auto at = home(key); slots_[at].used; at = next(at)) {
      if (slots_[at].value.key == key) return remove(at);
    }
    return std::nullopt;
  }

  /// `each` is told of the `count` that have waited longest of those to `service`, or of all; they are gone then. Looks
  /// at all of them once.
  template <class Function>
  void take_oldest(std::size_t service, std::uint64_t count, Function each) {
    std::vector<message> found;
    take_all(service, [&found](message const& one) { found.push_back(one); });
    auto const end_of_oldest =
        found.begin() + static_cast<std::ptrdiff_t>(std::min<std::uint64_t>(count, found.size()));
    auto const older = [](message const& a, message const& b) { return a.left.sent < b.left.sent; };
    if (end_of_oldest != found.end()) std::nth_element(found.begin(), end_of_oldest, found.end(), older);
    std::for_each(found.begin(), end_of_oldest, each);
    std::for_each(end_of_oldest, found.end(), [this](message const& one) { add(one); });
  }

  /// `each` is told of every message to `service`; they are gone then.
  template <class Function>
  void take_all(std::size_t service, Function each) {
    auto const before = std::exchange(slots_, std::vector<slot>(slots_.size()));
    size_ = 0;
    for (auto const& s : before) {
      if (!s.used) continue;
      if (s.value.service == service) {
        each(s.value);
      } else {
        add(s.value);
      }
    }
  }

 private:
  struct slot {
    message value{};
    bool used = false;
  };

  std::size_t home(std::uint64_t key) const noexcept { return static_cast<std::size_t>(key) & (slots_.size() - 1); }
  std::size_t next(std::size_t at) const noexcept { return (at + 1) & (slots_.size() - 1); }

  void place(message const& one) {
    auto at = home(one.key);
    while (slots_[at].used) at = next(at);
    slots_[at] = {one, true};
  }

  void grow() {
    auto const before = std::exchange(slots_, std::vector<slot>(slots_.empty() ? 16 : slots_.size() * 2));
    for (auto const& s : before) {
      if (s.used) place(s.value);
    }
  }

  /// What stands behind the hole and is not at home there moves up, so that no search ends too early.
  message remove(std::size_t hole) {
    auto const taken = slots_[hole].value;
    for (auto at = next(hole); slots_[at].used; at = next(at)) {
      auto const from_home = (at - home(slots_[at].value.key)) & (slots_.size() - 1);
      auto const from_hole = (at - hole) & (slots_.size() - 1);
      if (from_home < from_hole) continue;
      slots_[hole] = slots_[at];
      hole = at;
    }
    slots_[hole].used = false;
    --size_;
    return taken;
  }

  std::vector<slot> slots_;  // a power of two of them, at most half used
  std::size_t size_ = 0;
};

}  // namespace gw::tools
