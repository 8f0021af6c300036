// What etcd's JSON gateway says about the keys under one prefix: a range, and then one answer of a watch a line. Pure
// text to state; used by the etcd source.
//
// The layout is PREFIX/SERVICE/ID, and the value says where: {"addr": "10.0.0.5:9001"} or {"host": .., "port": ..},
// with "weight", "zone", "metadata" and "draining" if need be; or the address alone, as plain text.
#pragma once

#include "core/error.hpp"
#include "discovery/source.hpp"

#include <nlohmann/json.hpp>

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>

namespace gw::discovery {

class etcd_keys {
 public:
  /// `prefix`: with the slash at its end or without.
  explicit etcd_keys(std::string_view prefix);

  /// Takes the answer of /v3/kv/range, which replaces what was known.
  result<> take_range(std::string_view answer);

  enum class news : std::uint8_t {
    none,       // nothing that the catalogue shows
    changed,    // the catalogue may be another one
    compacted,  // the revision that the watch began with is gone: ask for the range again
  };
  /// Takes one line of /v3/watch. An error: it is none, or the server reports one, or ends the watch.
  result<news> take_line(std::string_view line);

  /// Up to which everything was told; a watch goes on with the one behind it.
  std::int64_t revision() const noexcept { return revision_; }

  catalogue routable() const;

  /// Keys whose name or value says nothing, so far.
  std::size_t skipped() const noexcept { return skipped_; }

  /// With the slash at its end.
  std::string const& prefix() const noexcept { return prefix_; }
  /// Bodies of the two requests.
  std::string range_request() const;
  std::string watch_request() const;

 private:
  bool put(nlohmann::json const& kv);
  bool erase(nlohmann::json const& kv);
  void told_up_to(nlohmann::json const& revision);
  std::string key_of(nlohmann::json const& kv) const;

  std::string prefix_;
  std::int64_t revision_ = 0;
  std::map<std::string, offer> offers_;  // by SERVICE/ID
  std::size_t skipped_ = 0;
};

}  // namespace gw::discovery
