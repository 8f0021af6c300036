// Shows people a piece of a text that somebody else wrote: on one line, without anything that could steer the
// terminal, with a caret under the byte in question. Used by `route test` and the explanations of rules.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace gw {

/// At most `columns` columns of `text` around its byte `at` (text.size() = its end), and a caret under that byte, each
/// line behind `indent` and ending with '\n'. Control characters are escaped as in JSON, and so are those that steer
/// the direction of writing; bytes that are not UTF-8 are shown as \xNN; characters are never cut. "…" stands where
/// something is left out.
std::string snippet(std::string_view text, std::size_t at, std::string_view indent = "  ", std::size_t columns = 80);

/// The beginning of `text` in the same manner, without a caret: at most `columns` columns, "…" included.
std::string one_line(std::string_view text, std::size_t columns = 80);

}  // namespace gw
