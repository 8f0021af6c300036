// What a Eureka server says: the applications with their instances, in full and as changes (DISCOVERY: protocol v1, in
// JSON). Pure text to state; used by the Eureka source. Must not know how it is fetched.
#pragma once

#include "core/error.hpp"
#include "discovery/source.hpp"

#include <cstddef>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace gw::discovery {

struct eureka_instance {
  std::vector<std::string> services;  // in lower case: Eureka compares without case
  std::string status;                 // UP, DOWN, STARTING, OUT_OF_SERVICE, UNKNOWN
  offer where;
};

class eureka_apps {
 public:
  /// A full answer. Forgiving as the clients of Netflix are: numbers and booleans may be strings, a lone element may
  /// stand for a list. Instances without a name are skipped and counted. An error: it is no such answer at all.
  static result<eureka_apps> parse(std::string_view full);

  /// Applies an answer of changes. Afterwards `fits()` says whether both sides hold the same.
  result<> apply(std::string_view delta);

  /// Counts of the instances by status, as the server writes them: "DOWN_1_UP_3_".
  std::string hash() const;
  /// The hash is that of the last answer; a server that sends none cannot be compared with.
  bool fits() const { return !announced_hash_.empty() && hash() == announced_hash_; }

  /// The instances that are UP, by the service that their VIP address names, or else their application.
  catalogue routable() const;

  std::size_t skipped() const noexcept { return skipped_; }

 private:
  using instances = std::map<std::string, eureka_instance>;  // by id

  std::map<std::string, instances> apps_;
  std::string announced_hash_;
  std::size_t skipped_ = 0;
};

}  // namespace gw::discovery
