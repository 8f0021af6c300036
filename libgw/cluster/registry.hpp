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

/// An instance as somebody wrote it, at one of its addresses.
struct located_instance {
  config::instance written;
  std::string ip;
};

struct located_service {
  std::string name;
  std::vector<located_instance> instances;
};

/// The addresses (IP literals) that a host name stands for now, for this port; none if it cannot be resolved.
using resolve = std::function<std::vector<std::string>(std::string_view host, std::uint16_t port)>;

/// Each instance at each of its addresses. IP literals are not resolved; without `addresses_of` no name is.
std::vector<located_instance> located(std::span<config::instance const> written, resolve const& addresses_of = {});
std::vector<located_service> located(std::span<config::service const> written, resolve const& addresses_of = {});

class registry {
 public:
  /// Services are indexed in the order of `services`, as the routing table is. Of instances at the same address the
  /// first counts. Those whose address `before` knows keep their id and their load, whatever else is new of them.
  /// `workers`: how many threads count load.
  static std::shared_ptr<registry const> make(std::span<located_service const> services, std::size_t workers,
                                              registry const* before = nullptr);

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
