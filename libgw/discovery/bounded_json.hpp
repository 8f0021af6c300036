// JSON that somebody else wrote, read so that nothing in it can hurt: used by whatever decodes what a registry says.
#pragma once

#include "core/error.hpp"

#include <nlohmann/json.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace gw::discovery {

/// What was read (a type of its own: everything converts to nlohmann's).
struct json_document {
  nlohmann::json root;
};

/// The whole of `text` as one value. An error (side::upstream) for what is no JSON, is nested deeper than 64 or has
/// more than 2,000,000 values; the size of the text is bounded by who received it.
result<json_document> parse_bounded(std::string_view text);

/// The member `name` of an object; a null value for none, and for what is no object.
nlohmann::json const& member(nlohmann::json const& of, std::string_view name);

/// A string as it is; empty for everything else.
std::string text_of(nlohmann::json const& value);

/// A whole number, be it written as a number or as a string of digits.
std::optional<std::int64_t> number_of(nlohmann::json const& value);

/// A boolean, be it written as such or as "true" in any case; `otherwise` for everything else.
bool truth_of(nlohmann::json const& value, bool otherwise);

/// The elements of a list. Writers of XML origin put a lone element in its list's place: then it is that; null is none.
std::vector<nlohmann::json const*> elements_of(nlohmann::json const& value);

}  // namespace gw::discovery
