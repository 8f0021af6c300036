// A request target taken apart once, strictly: the path that everything matches on, and the opaque query.
// Used by the connection, and by routes through the path it yields. Knows no routes.
#pragma once

#include "wire/strict_head.hpp"

#include <string>
#include <string_view>

namespace gw::wire {

struct split_target {
  std::string path;           // decoded once and normalised; UTF-8 without control characters
  std::string_view raw_path;  // as it came, for logs; never to be matched or forwarded
  std::string_view query;     // behind the first `?`, as it came; empty if there is none
};

/// Takes an origin-form target apart. The path is percent-decoded exactly once, then empty segments are dropped (`//`
/// is `/`), then `.` and `..` are resolved; a last segment of these leaves a trailing slash. So `/a/%2e%2e/b` is `/b`
/// and `/%252e` is the harmless `/%2e`. Refused with 400, since the servers behind us disagree about them: a bad
/// percent escape, an escaped or raw control character, `%2f`, `\` and `%5c`, UTF-8 that is not valid in the shortest
/// form, `..` above the root, dot segments with parameters (`..;x`), a target that begins with two slashes.
judged<split_target> judge_target(std::string_view target);

/// Writes a path of split_target for the wire: everything that may not stand in a path is percent-encoded.
/// judge_target() of the answer gives `path` again.
std::string encode_path(std::string_view path);

/// Does `path` (of split_target) match `pattern`? A pattern is compared exactly, segment by segment, except: a segment
/// `*` takes any one segment that is not empty; a final `/**` takes any number of further segments, also none.
bool path_matches(std::string_view pattern, std::string_view path) noexcept;

}  // namespace gw::wire
