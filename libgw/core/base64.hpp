// Base64 as RFC 4648 section 4 has it: the alphabet with + and /, padded. Used where JSON carries bytes and where a
// password stands in an HTTP header.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace gw {

std::string base64_encode(std::string_view bytes);

/// Nothing for what is not base64: foreign characters, a length that is no multiple of four, padding inside.
std::optional<std::string> base64_decode(std::string_view text);

}  // namespace gw
