#include "tools/json_text.hpp"

namespace gw::tools {

using json = nlohmann::json;

std::string dumped(json const& value) {
  return value.dump(-1, ' ', false, json::error_handler_t::replace);
}

json const* find_at(json const& whole, std::string_view pointer) {
  if (whole.is_discarded()) return nullptr;
  try {
    return &whole.at(json::json_pointer(std::string(pointer)));
  } catch (json::exception const&) {
    return nullptr;  // the library knows no other way to say so of an index that no number type holds
  }
}

}  // namespace gw::tools
