#include "cluster/balancer.hpp"

#include <algorithm>
#include <array>

namespace gw::cluster {
namespace {

/// The instance that would be the least loaded for its weight with the new channel on it. The search begins one
/// further every time, so that equal instances take turns.
class least_loaded final : public balancer {
 public:
  std::size_t pick(std::span<candidate const> available, std::uint64_t) override {
    auto const count = available.size();
    auto best = turn_++ % count;
    for (std::size_t step = 1, i = best; step < count; ++step) {
      i = i + 1 < count ? i + 1 : 0;
      if (lighter(available[i], available[best])) best = i;
    }
    return best;
  }

 private:
  /// (load + 1) / weight, compared without a division.
  static bool lighter(candidate const& a, candidate const& b) {
    return (a.load + 1) * static_cast<std::int64_t>(b.weight) < (b.load + 1) * static_cast<std::int64_t>(a.weight);
  }

  std::size_t turn_ = 0;
};

template <class Balancer>
std::unique_ptr<balancer> make() {
  return std::make_unique<Balancer>();
}

constexpr auto kinds = std::to_array<balancer_kind>({
    {"least_loaded", "The instance with the fewest channels for its weight, over all workers.", make<least_loaded>},
});

}  // namespace

std::span<balancer_kind const> balancer_kinds() {
  return kinds;
}

}  // namespace gw::cluster
