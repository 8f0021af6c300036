// What `wsgw version` and `wsgw --version` print.
#pragma once

#include <string>

namespace wsgw {

/// "0.1.0".
std::string version_number();

/// "wsgw 0.1.0 (git 0123abcd, g++ 12.2.0, Boost 1.81.0, OpenSSL 3.0.15 ...)".
std::string version_text();

}  // namespace wsgw
