// JSON Pointers (RFC 6901) as people write them: in rules, in scripts, in expectations. Pure.
#pragma once

#include <string>
#include <string_view>

namespace gw {

/// Why `text` is no JSON Pointer (section 3), in words that need no owner; empty if it is one. The empty one, which is
/// the whole document, is one.
std::string_view json_pointer_fault(std::string_view text) noexcept;

/// The name that `part`, what stands behind one '/' of a JSON Pointer, means (section 4).
std::string json_pointer_name(std::string_view part);

}  // namespace gw
