#include "core/json_pointer.hpp"

namespace gw {

std::string_view json_pointer_fault(std::string_view text) noexcept {
  if (!text.empty() && text.front() != '/') return "a JSON Pointer begins with '/'";
  for (auto at = text.find('~'); at != text.npos; at = text.find('~', at + 1)) {
    auto const escape = text.substr(at + 1, 1);
    if (escape != "0" && escape != "1") return "'~' is written '~0', and '/' in a name '~1'";
  }
  return {};
}

std::string json_pointer_name(std::string_view part) {
  std::string name;
  for (std::size_t i = 0; i < part.size(); ++i) {
    bool const escape = part[i] == '~' && i + 1 < part.size();
    name += escape ? (part[++i] == '0' ? '~' : '/') : part[i];
  }
  return name;
}

}  // namespace gw
