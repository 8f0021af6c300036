// What a configuration file may hold, as a JSON Schema: editors complete and judge by it. Made from the list of keys.
#pragma once

#include "config/kind.hpp"

#include <nlohmann/json_fwd.hpp>

#include <string>
#include <string_view>

namespace gw::config {

/// Draft 2020-12. Where there are no words for a value, any string will do. It judges shape alone, so a file that it
/// accepts may still be refused by the loader; what it refuses, the loader refuses too.
std::string json_schema(vocabulary const& words);

/// A value as TOML writes it, such as setting::show() gives.
nlohmann::ordered_json json_of_toml(std::string_view value);

}  // namespace gw::config
