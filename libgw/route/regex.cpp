#include "route/regex.hpp"

#include <fmt/format.h>
#include <re2/re2.h>

namespace gw::route {
namespace {

RE2::Options quiet() {
  RE2::Options options(RE2::Quiet);
  options.set_max_mem(regex_memory);
  return options;
}

re2::StringPiece piece_of(std::string_view text) {
  return {text.data(), text.size()};
}

}  // namespace

std::optional<pattern_fault> regex_fault(std::string_view regex) {
  RE2 const compiled(piece_of(regex), quiet());
  if (compiled.ok()) return std::nullopt;
  auto const& what = compiled.error_arg();
  auto const found = what.empty() ? regex.npos : regex.find(what);
  auto const at = found == regex.npos ? 0 : found;
  if (compiled.error_code() == RE2::ErrorBadPerlOp) {
    auto const behind = regex.substr(at);
    if (behind.starts_with("(?=") || behind.starts_with("(?!") || behind.starts_with("(?<=") ||
        behind.starts_with("(?<!")) {
      return pattern_fault{at, "RE2 cannot look ahead or behind; say it with another condition"};
    }
    if (behind.starts_with("(?<")) return pattern_fault{at, "RE2 names a capture (?P<name>...)"};
  }
  return pattern_fault{at, compiled.error()};
}

std::vector<std::string> capture_names(std::string_view regex) {
  RE2 const compiled(piece_of(regex), quiet());
  std::vector<std::string> names;
  for (auto const& [name, index] : compiled.NamedCapturingGroups()) names.push_back(name);
  return names;
}

}  // namespace gw::route
