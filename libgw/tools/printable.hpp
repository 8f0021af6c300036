// Text of strangers, made fit for a terminal. Pure; used by the client.
#pragma once

#include <string>
#include <string_view>

namespace gw::tools {

/// Characters that are not safe to show become \x1b and \u202e, bytes that are no UTF-8 \xff. Line feeds and tabs stay
/// if `lines`.
std::string printable(std::string_view text, bool lines = false);

}  // namespace gw::tools
