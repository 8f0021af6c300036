// JSON of strangers, read without harm: whatever it nests, and wherever a pointer points. Used by the mock service's
// replies and the client's scripts.
#pragma once

#include <nlohmann/json.hpp>

#include <optional>
#include <string>
#include <string_view>

namespace gw::tools {

/// Parsed, with everything that nests deeper than 64 left out: the recursive functions of the library stay safe.
/// Discarded (is_discarded()) if it is no JSON.
template <class Json = nlohmann::json>
Json parse_shallow(std::string_view text) {
  auto const shallow = [](int depth, typename Json::parse_event_t, Json&) { return depth <= 64; };
  return Json::parse(text, shallow, false);
}

/// On one line; what is not UTF-8 becomes U+FFFD.
std::string dumped(nlohmann::json const& value);

/// What stands at a good pointer (core/json_pointer.hpp); null: nothing does.
nlohmann::json const* find_at(nlohmann::json const& whole, std::string_view pointer);

}  // namespace gw::tools
