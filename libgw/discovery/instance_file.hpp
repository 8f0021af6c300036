// Instances as a file lists them: the same words as in the configuration ([services.order] too), in TOML or JSON. Pure.
//
//   [services]
//   order = ["10.0.0.5:9001", { addr = "10.0.0.6:9001", weight = 2, zone = "a" }]
#pragma once

#include "core/error.hpp"
#include "discovery/source.hpp"

#include <cstdint>
#include <string_view>

namespace gw::discovery {

enum class file_form : std::uint8_t { toml, json };

/// All or nothing: a file with a mistake may be half written. The error (side::upstream) says what is wrong, and where:
/// "3:9: …".
result<catalogue> read_instances(std::string_view text, file_form form);

}  // namespace gw::discovery
