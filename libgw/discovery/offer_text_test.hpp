// Catalogues as lines of text, for the tests of what registries say.
#pragma once

#include "discovery/source.hpp"

#include <fmt/format.h>

#include <string>

namespace gw::discovery {

/// "h1:order:9001=10.0.0.5:9001 weight 2 zone a {k=v} draining"
inline std::string text_of(offer const& o) {
  auto text = fmt::format("{}={}:{}", o.id, o.host, o.port);
  if (o.weight != 1) text += fmt::format(" weight {}", o.weight);
  if (!o.zone.empty()) text += fmt::format(" zone {}", o.zone);
  for (auto const& [key, value] : o.metadata) text += fmt::format(" {{{}={}}}", key, value);
  return text + (o.draining ? " draining" : "");
}

/// "order: a=10.0.0.5:9001, b=10.0.0.6:9001; user: (none)"
inline std::string text_of(catalogue const& all) {
  std::string text;
  for (auto const& [service, offers] : all) {
    text += (text.empty() ? "" : "; ") + service + ":";
    for (auto const& o : offers) text += (&o == offers.data() ? " " : ", ") + text_of(o);
    if (offers.empty()) text += " (none)";
  }
  return text;
}

}  // namespace gw::discovery
