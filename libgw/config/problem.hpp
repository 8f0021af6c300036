// One thing that is wrong with a configuration, and how it is shown. The loader collects them; people and editors read.
#pragma once

#include <string>

namespace gw::config {

struct problem {
  std::string file = {};         // or the flag, "--service"
  unsigned line = 0;             // from 1; 0 = the file as a whole
  unsigned column = 0;           // code points, from 1
  std::string key = {};          // "services.order.instances"; empty for syntax errors
  std::string text = {};         // what is wrong; how to fix it
  std::string source_line = {};  // may be empty
};

/// Compiler style, no newline at the end; control characters of the file are shown as '?':
///     wsgw.toml:3:8: error: listener.bind: '8080' is not an address; write …
///         3 | bind = "8080"
///           |        ^
std::string format(problem const& p);

}  // namespace gw::config
