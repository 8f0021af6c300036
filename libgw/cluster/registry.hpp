// The snapshot of all services and their instances. Immutable once made: threads share it as
// std::shared_ptr<registry const>, and a change is a new snapshot made from the one before.
#pragma once

#include "cluster/instance.hpp"
#include "config/config.hpp"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace gw::cluster {

struct service {
  std::string name;
  std::vector<instance> instances;  // by address; each address once
};

class registry {
 public:
  /// The addresses (IP literals) that a host name stands for now; none if it cannot be resolved.
  using resolve = std::function<std::vector<std::string>(std::string_view host)>;

  /// Services are indexed in the order of `services`, as the routing table is. IP literals are not resolved.
  /// Instances whose address `before` knows keep their id and their load, whatever else is new of them. `workers`: how
  /// many threads count load.
  static std::shared_ptr<registry const> make(std::span<config::service const> services, resolve const& addresses_of,
                                              std::size_t workers, registry const* before = nullptr);

  std::span<service const> services() const noexcept { return services_; }
  service const& at(std::size_t index) const { return services_[index]; }
  std::optional<std::size_t> find(std::string_view name) const noexcept;

 private:
  registry() = default;
  void recognise(std::span<instance> now, std::span<instance const> before, std::size_t workers);

  std::vector<service> services_;
  std::uint64_t next_id_ = 1;
};

}  // namespace gw::cluster
