#include "config/section_reader.hpp"

namespace gw::config {

std::string unknown_key(std::string_view key, std::vector<std::string_view> const& known) {
  auto const custom = customary_key(key);
  if (std::find(known.begin(), known.end(), custom) != known.end()) {
    return fmt::format("unknown key; did you mean '{}'?", custom);
  }
  return "unknown key" + guess_or_list(key, known, "known here:");
}

}  // namespace gw::config
