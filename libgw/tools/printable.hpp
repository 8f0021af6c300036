// Text of strangers, made fit for a terminal, or for a page. Pure; used by the client and by reports.
#pragma once

#include <string>
#include <string_view>

namespace gw::tools {

/// Characters that are not safe to show become \x1b and \u202e, bytes that are no UTF-8 \xff. Line feeds and tabs stay
/// if `lines`.
std::string printable(std::string_view text, bool lines = false);

/// Text for HTML and XML, also between double quotes. XML 1.0 cannot hold most control characters at all: they become
/// '?'.
std::string markup(std::string_view text);

}  // namespace gw::tools
