// What a Kubernetes API server says about EndpointSlices (discovery.k8s.io/v1): a list, and then one event a line. Pure
// text to state; used by the Kubernetes source.
#pragma once

#include "core/error.hpp"
#include "discovery/source.hpp"

#include <nlohmann/json.hpp>

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace gw::discovery {

class kubernetes_slices {
 public:
  /// `port_name`: which of a slice's ports; empty = its first.
  explicit kubernetes_slices(std::string port_name) : port_name_(std::move(port_name)) {}

  /// Takes one page of a list: the first replaces what was known. Returns the mark of the next page, empty = that was
  /// all.
  result<std::string> take_page(std::string_view page, bool first);

  enum class news : std::uint8_t {
    none,     // nothing that the catalogue shows
    changed,  // the catalogue may be another one
    gone,     // the version that the watch began with is too old (410): list again
  };
  /// Takes one line of a watch. An error: it is no event, or the server reports one other than 410.
  result<news> take_event(std::string_view line);

  /// Where a watch goes on.
  std::string const& version() const noexcept { return version_; }

  /// The endpoints by service, those of several slices together, each once. Ready ones are offered; those that serve
  /// still while they terminate are draining.
  catalogue routable() const;

  std::size_t skipped() const noexcept { return skipped_; }

 private:
  struct slice {
    std::string service;
    bool ipv6 = false;
    std::vector<offer> offers;

    friend bool operator==(slice const&, slice const&) = default;
  };

  slice read(nlohmann::json const& object);
  bool keep(nlohmann::json const& object);

  std::string port_name_;
  std::string version_;
  std::map<std::string, slice> slices_;  // by namespace/name
  std::size_t skipped_ = 0;
};

}  // namespace gw::discovery
