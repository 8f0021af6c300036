#include "discovery/offer_fields.hpp"

#include "discovery/bounded_json.hpp"

namespace gw::discovery {

using nlohmann::json;

std::uint16_t port_of(json const& value) {
  auto const number = number_of(value);
  return number && *number > 0 && *number <= 65535 ? static_cast<std::uint16_t>(*number) : std::uint16_t{0};
}

std::size_t weight_of(json const& value) {
  auto const number = number_of(value);
  return number && *number > 0 ? static_cast<std::size_t>(*number) : 1;
}

std::map<std::string, std::string> metadata_of(json const& value) {
  std::map<std::string, std::string> all;
  if (!value.is_object()) return all;
  for (auto const& [name, content] : value.items()) {
    if (name.starts_with('@')) continue;
    if (content.is_string()) all[name] = content.get<std::string>();
    if (content.is_number() || content.is_boolean()) all[name] = content.dump();
  }
  return all;
}

std::string value_in(std::map<std::string, std::string> const& metadata, std::string const& key) {
  auto const found = metadata.find(key);
  return found == metadata.end() ? std::string() : found->second;
}

void take_conventions(offer& from) {
  if (from.zone.empty()) from.zone = value_in(from.metadata, "zone");
  if (from.weight == 1) from.weight = weight_of(value_in(from.metadata, "weight"));
}

}  // namespace gw::discovery
