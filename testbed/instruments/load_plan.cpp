#include "instruments/load_plan.hpp"

#include <nlohmann/json.hpp>

namespace gw::testbed {
namespace {

using nlohmann::json;

template <class T>
void take(json& from, char const* name, T& into) {
  if (auto const found = from.find(name); found != from.end()) {
    into = found->get<T>();
    from.erase(found);
  }
}

void take(json& from, char const* name, std::chrono::milliseconds& into) {
  auto count = into.count();
  take(from, name, count);
  into = std::chrono::milliseconds(count);
}

void take_all(json& from, load_plan& p) {
  take(from, "run", p.run);
  take(from, "target", p.target);
  take(from, "services", p.services);
  take(from, "clients", p.clients);
  take(from, "first_client", p.first_client);
  take(from, "rate", p.rate);
  take(from, "window", p.window);
  take(from, "padding", p.padding);
  take(from, "seconds", p.seconds);
  take(from, "settle_ms", p.settle);
  take(from, "dial_at_once", p.dial_at_once);
  take(from, "sources", p.sources);
  take(from, "deaf", p.deaf);
  take(from, "receive_buffer", p.receive_buffer);
  take(from, "journal", p.journal);
  take(from, "seed", p.seed);
  if (std::vector<std::int64_t> range; from.contains("reconnect_ms")) {
    take(from, "reconnect_ms", range);
    p.reconnect = {std::chrono::milliseconds(range.at(0)), std::chrono::milliseconds(range.at(1))};
  }
}

error bad(std::string what) {
  return {errc::bad_usage, side::client, std::move(what), {}};
}

}  // namespace

result<load_plan> load_plan::parse(std::string_view text) {
  load_plan plan;
  try {
    auto from = json::parse(text);
    std::vector<std::string> gateways;
    take(from, "gateways", gateways);
    for (auto const& gateway : gateways) {
      auto const at = net::address::parse(gateway);
      if (!at) return at.error();
      plan.gateways.push_back(*at);
    }
    take_all(from, plan);
    if (!from.empty()) return bad("unknown member: " + from.begin().key());
  } catch (std::exception const& why) {
    return bad(why.what());
  }
  if (plan.gateways.empty() || plan.services.empty()) return bad("'gateways' and 'services' need one entry at least");
  return plan;
}

}  // namespace gw::testbed
