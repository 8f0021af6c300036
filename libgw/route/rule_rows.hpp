// What the tests of rules share: a table with custom rules, and its decisions as words.
#pragma once

#include "route/table.hpp"
#include "testing/catch.hpp"

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace gw::route {

using rules = std::vector<config::rule>;

inline table made(rules const& custom, config::url_rule const& url = {}) {
  auto result = table::make(url, {"audio", "exec", "legacy", "order"}, custom);
  INFO((result ? "" : result.error().context));
  REQUIRE(result.has_value());
  return *std::move(result);
}

/// "-> order", "-> exec @ 10.0.0.1:9001", "-> exec # ann", "heartbeat", "control" or the code of the error frame.
inline std::string shown(table const& t, decision const& d) {
  switch (d.verdict) {
    case route_verdict::routed: {
      auto text = "-> " + std::string(t.name_of(d.service));
      CHECK(d.named_service == t.name_of(d.service));
      if (!d.instance.empty()) text.append(" @ ").append(d.instance);
      if (!d.key.empty()) text.append(" # ").append(d.key);
      return text;
    }
    case route_verdict::heartbeat:
      return "heartbeat";
    case route_verdict::control:
      return "control";
    case route_verdict::failed:
      break;
  }
  CHECK_FALSE(d.why.empty());
  return std::string(row_of(d.fault).name);
}

inline config::rule fallback(std::string service = "legacy") {
  return {.id = "default", .service = std::move(service)};
}

}  // namespace gw::route
