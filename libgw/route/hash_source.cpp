#include "route/hash_source.hpp"

#include <utility>

namespace gw::route {

std::optional<std::string> hash_source_of(std::string_view hash_on, handshake const& from) {
  auto const colon = hash_on.find(':');
  if (colon == hash_on.npos) {
    return config::is_ip_literal(from.client) ? std::optional<std::string>(from.client) : std::nullopt;
  }
  auto const kind = hash_on.substr(0, colon);
  questions asked;
  auto& names = kind == "header" ? asked.headers : kind == "cookie" ? asked.cookies : asked.query;
  names.emplace_back(hash_on.substr(colon + 1));
  auto told = circumstances_of(asked, from);
  for (auto* const items : {&told.headers, &told.cookies, &told.query}) {
    if (!items->empty() && !items->front().value.empty()) return std::move(items->front().value);
  }
  return std::nullopt;
}

}  // namespace gw::route
