// Judges the decoded routing key and service names (PRODUCT.md section 3.5), before any rule is asked.
// Pure; used by the relay, the rules and the check of the configuration.
#pragma once

#include <cstdint>
#include <string_view>

namespace gw::wire {

enum class path_verdict : std::uint8_t { ok, bad };

/// `bad`: longer than 1 KiB, or it holds a control character, a backslash or a `.` or `..` segment, plainly or in
/// percent form. Percent forms are decoded once, for this judgement only; everything else in the path is opaque.
path_verdict judge_method(std::string_view decoded) noexcept;

/// `[A-Za-z0-9][A-Za-z0-9._-]{0,62}` without `..`.
bool is_service_name(std::string_view name) noexcept;

}  // namespace gw::wire
