// The parts of an offer as registries write them in JSON. Whether they make sense (a port of 0, a host that is no host)
// is judged once for all sources by the watch; here they are only read.
#pragma once

#include "discovery/source.hpp"

#include <nlohmann/json.hpp>

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>

namespace gw::discovery {

/// Of a number or a string of digits; 0 for everything that is no port.
std::uint16_t port_of(nlohmann::json const& value);

/// Of a positive number or a string of digits; 1 for everything else.
std::size_t weight_of(nlohmann::json const& value);

/// The members of an object that are strings, numbers or booleans. Those called "@..." are the writer's own.
std::map<std::string, std::string> metadata_of(nlohmann::json const& value);

/// The value under `key`; empty if there is none.
std::string value_in(std::map<std::string, std::string> const& metadata, std::string const& key);

/// What an instance says of itself by convention: "weight" and "zone" of its metadata, where the registry has no words
/// of its own for them.
void take_conventions(offer& from);

}  // namespace gw::discovery
