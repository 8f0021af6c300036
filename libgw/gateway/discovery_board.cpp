#include "gateway/discovery_board.hpp"

#include "config/address.hpp"

#include <nlohmann/json.hpp>

#include <utility>

namespace gw::gateway {
namespace {

using nlohmann::ordered_json;

double seconds(discovery_board::wall_time::duration time) {
  return std::chrono::duration<double>(time).count();
}

/// `found` null: no check has come to a verdict.
ordered_json as_json(cluster::instance const& i, cluster::opinion const* found) {
  auto const health = found == nullptr ? cluster::verdict::unknown : found->is;
  ordered_json out = {{"address", config::host_port_text(i.ip, i.configured.port)}};
  if (i.configured.host != i.ip) out["host"] = i.configured.host;
  out["state"] = i.draining ? "draining" : text_of(health);
  if (health == cluster::verdict::unhealthy) out["reason"] = text_of(found->why);
  out["weight"] = i.weight;
  if (!i.zone.empty()) out["zone"] = i.zone;
  if (!i.metadata->empty()) out["metadata"] = *i.metadata;
  out["channels"] = i.load->total();
  return out;
}

ordered_json as_json(discovery::watch_report const& s, discovery_board::wall_time now) {
  ordered_json out = {{"name", s.name}, {"type", s.type}, {"required", s.required}};
  out["state"] = !s.answered_at ? "unknown" : s.fault.empty() ? "current" : "stale";
  out["age_s"] = s.answered_at ? ordered_json(seconds(now - *s.answered_at)) : ordered_json(nullptr);
  if (!s.fault.empty()) out["fault"] = s.fault;
  if (s.unreadable != 0) out["unreadable"] = s.unreadable;
  out["refused"] = ordered_json::object();
  for (std::size_t i = 0; i < s.refused.size(); ++i) {
    if (s.refused[i] != 0) out["refused"][std::string(name_of(static_cast<discovery::refusal>(i)))] = s.refused[i];
  }
  return out;
}

}  // namespace

void discovery_board::put(std::shared_ptr<cluster::registry const> instances) {
  std::lock_guard const alone(guard_);
  now_.instances = std::move(instances);
  auto const before = std::exchange(now_.opinions, {});
  for (auto const& s : now_.instances->services()) {
    for (auto const& i : s.instances) {
      if (auto const known = before.find(i.id); known != before.end()) now_.opinions.insert(*known);
    }
  }
}

void discovery_board::put(cluster::opinion found) {
  std::lock_guard const alone(guard_);
  now_.opinions.insert_or_assign(found.instance, found);
}

void discovery_board::put(std::vector<discovery::watch_report> sources) {
  std::lock_guard const alone(guard_);
  now_.sources = std::move(sources);
}

discovery_board::facts discovery_board::copy() const {
  std::lock_guard const alone(guard_);
  return now_;
}

std::vector<std::string> discovery_board::service_names() const {
  auto const instances = copy().instances;
  std::vector<std::string> names;
  for (auto const& s : instances->services()) {
    if (s.name.empty()) break;  // a place that nobody has taken yet, as are those behind it
    names.push_back(s.name);
  }
  return names;
}

std::vector<std::string> discovery_board::reasons_to_wait() const {
  std::vector<std::string> reasons;
  for (auto const& s : copy().sources) {
    if (s.required && s.answers == 0) reasons.push_back("no answer of discovery." + s.name + " yet");
  }
  return reasons;
}

void discovery_board::write_metrics(exposition& to) const {
  auto const sources = copy().sources;
  if (sources.empty()) return;
  to.family("wsgw_discovery_refreshes_total", "Questions to a source, by what came of them.", metric_type::counter);
  for (auto const& s : sources) {
    to.sample("wsgw_discovery_refreshes_total", {{"source", s.name}, {"result", "answered"}}, s.answers);
    to.sample("wsgw_discovery_refreshes_total", {{"source", s.name}, {"result", "failed"}}, s.failures);
  }
  to.family("wsgw_discovery_last_success_timestamp_seconds", "When a source last answered; 0 = never.",
            metric_type::gauge);
  for (auto const& s : sources) {
    auto const at = s.answered_at ? seconds(s.answered_at->time_since_epoch()) : 0.0;
    to.sample("wsgw_discovery_last_success_timestamp_seconds", {{"source", s.name}}, at);
  }
  to.family("wsgw_discovery_entries_unreadable",
            "Entries that a source lists and that name no instance, since its last whole list.", metric_type::gauge);
  for (auto const& s : sources) to.sample("wsgw_discovery_entries_unreadable", {{"source", s.name}}, s.unreadable);
  to.family("wsgw_discovery_offers_refused_total",
            "Instances that a source lists and that are not used, by the reason.", metric_type::counter);
  for (auto const& s : sources) {
    for (std::size_t i = 0; i < s.refused.size(); ++i) {
      auto const reason = name_of(static_cast<discovery::refusal>(i));
      to.sample("wsgw_discovery_offers_refused_total", {{"source", s.name}, {"reason", reason}}, s.refused[i]);
    }
  }
}

std::string discovery_board::services_json(wall_time now) const {
  auto const known = copy();
  ordered_json out = {{"schema", "wsgw.services.v1"}};
  out["services"] = ordered_json::array();
  out["sources"] = ordered_json::array();
  for (std::size_t i = 0; i < settings_.services.size(); ++i) {
    auto const& s = known.instances->at(i);
    if (s.name.empty()) break;
    ordered_json one = {{"name", s.name}};
    if (!settings_.services[i].discovery.empty()) one["source"] = settings_.services[i].discovery;
    one["instances"] = ordered_json::array();
    for (auto const& instance : s.instances) {
      auto const found = known.opinions.find(instance.id);
      one["instances"].push_back(as_json(instance, found == known.opinions.end() ? nullptr : &found->second));
    }
    out["services"].push_back(std::move(one));
  }
  for (auto const& s : known.sources) out["sources"].push_back(as_json(s, now));
  return out.dump(2, ' ', false, ordered_json::error_handler_t::replace) + "\n";
}

}  // namespace gw::gateway
