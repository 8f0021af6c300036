// What RE2 makes of a regex of the configuration: why it does not compile, and what it captures. Used for
// config::outside_knowledge; the only thing that a configuration needs to know of RE2.
#pragma once

#include "route/pattern.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace gw::route {

/// Memory that one compiled regex may take, its automata included.
constexpr std::int64_t regex_memory = 1024 * 1024;

/// Why `regex` does not compile, with the place as far as RE2 tells it; nothing if it does.
std::optional<pattern_fault> regex_fault(std::string_view regex);

/// The names of its captures, `(?P<name>…)`, sorted; none if it does not compile.
std::vector<std::string> capture_names(std::string_view regex);

}  // namespace gw::route
