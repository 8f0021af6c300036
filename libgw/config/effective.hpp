// What a configuration says in effect: every value, and where it was read from. Used by `wsgw config show` and
// `wsgw config diff`.
#pragma once

#include "config/load.hpp"

#include <string>
#include <vector>

namespace gw::config {

struct effective_value {
  std::string owner = {};    // as --set names it: "listener.0", "services.order"; empty at the top of a file
  std::string heading = {};  // as a file names it: "[[listener]]", "[services.order]"
  std::string key = {};      // "queue.high"
  std::string value = {};    // TOML
  bool secret = false;       // `value` must not be shown
  bool changed = false;      // is written somewhere, and is not the default
  bool written = false;      // else it is the default
  text_source from = {};     // of what is written
  unsigned line = 0;

  /// "wsgw.toml:3", "WSGW_LISTEN", "--set", "default"
  std::string origin() const { return written ? place_text(from, line) : "default"; }
  /// "listener.0.bind"
  std::string path() const { return owner.empty() ? key : owner + "." + key; }
  /// `value`, or "***" for a secret.
  std::string shown() const { return secret ? "\"***\"" : value; }
};

/// Every value of `from` in the order of the reference, except: keys of [channel] that a service does not repeat, and
/// what has no default (the conditions of a rule) where it is not written. `include` is left out: what it brought is
/// in.
std::vector<effective_value> effective_values(loaded const& from);

/// The values as a file, each with its origin as a comment. Loading it gives the same configuration, secrets apart.
std::string effective_toml(std::vector<effective_value> const& values);

}  // namespace gw::config
