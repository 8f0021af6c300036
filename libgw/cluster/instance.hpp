// One place where a service runs. Used by the registry, the balancer and whoever dials. Knows nothing of sockets.
#pragma once

#include "cluster/load.hpp"
#include "config/config.hpp"

#include <cstdint>
#include <memory>
#include <string>

namespace gw::cluster {

/// As the operator wrote it: the Host header, logs.
struct endpoint {
  std::string host;  // a name or an IP literal, IPv6 without brackets
  std::uint16_t port = 0;

  friend bool operator==(endpoint const&, endpoint const&) = default;
};

/// Names an instance for the life of the process: a refresh that finds the same address of the same service again
/// keeps it.
enum class instance_id : std::uint64_t {};

struct instance {
  instance_id id{};
  endpoint configured;
  std::string ip;  // an IP literal: what is dialled, at the configured port
  std::size_t weight = 1;
  std::string zone;
  std::shared_ptr<config::metadata const> metadata;  // never null
  bool draining = false;                             // gets no new channels; those it has go on
  std::shared_ptr<instance_load> load;               // never null
};

}  // namespace gw::cluster
