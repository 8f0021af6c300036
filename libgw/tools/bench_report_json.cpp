#include "tools/bench_report.hpp"

#include <nlohmann/json.hpp>

#include <utility>

namespace gw::tools {
namespace {

using json = nlohmann::ordered_json;

json percentiles(histogram const& of) {
  json to;
  to["p50"] = microseconds(of.value_at_percentile(50));
  to["p90"] = microseconds(of.value_at_percentile(90));
  to["p99"] = microseconds(of.value_at_percentile(99));
  to["p99.9"] = microseconds(of.value_at_percentile(99.9));
  to["max"] = microseconds(of.max());
  to["mean"] = of.mean() / 1e3;
  return to;
}

void put_messages(json& to, bench_tally const& of) {
  to["messages_sent"] = of.sent;
  to["messages_answered"] = of.answered;
  to["messages_failed"] = of.failed;
  to["messages_pushed"] = of.pushed;
  to["messages_unanswered"] = of.unanswered;
}

void put_open_loop(json& to, bench_plan const& plan, bench_report const& r) {
  to["rate_planned_per_s"] = plan.planned_per_s();
  to["rate_sent_per_s"] = r.sent_per_second();
  to["messages_skipped"] = r.counts.skipped;
  to["latency_uncorrected_us"] = percentiles(r.all.uncorrected_ns);
  to["send_lag_us"] = percentiles(r.counts.send_lag_ns);
}

json services(bench_plan const& plan, bench_report const& r) {
  json to;
  for (std::size_t i = 0; i < r.counts.services.size(); ++i) {
    auto const& of = r.counts.services[i];
    json one;
    put_messages(one, of);
    one["latency_us"] = percentiles(of.latency_ns);
    if (plan.is_open_loop()) one["latency_uncorrected_us"] = percentiles(of.uncorrected_ns);
    if (of.push_ns.count() != 0) one["push_latency_us"] = percentiles(of.push_ns);
    to[plan.services[i]] = std::move(one);
  }
  return to;
}

json timeline(bench_report const& r) {
  auto list = json::array();
  for (auto const& s : r.timeline) {
    json one;
    one["from_s"] = s.from_s;
    one["to_s"] = s.to_s;
    one["messages_per_s"] = s.per_second();
    one["failed"] = s.failed;
    one["errors"] = s.errors;
    one["skipped"] = s.skipped;
    one["pushed"] = s.pushed;
    one["in_flight"] = s.in_flight;
    one["p50_us"] = microseconds(s.p50_ns);
    one["p99_us"] = microseconds(s.p99_ns);
    one["max_us"] = microseconds(s.max_ns);
    list.push_back(std::move(one));
  }
  return list;
}

json cpu_of(bench_report const& r) {
  auto list = json::array();
  for (auto const& [pid, seconds] : r.cpu_s) {
    json one;
    one["pid"] = pid;
    one["cpu_s"] = seconds ? json(*seconds) : json(nullptr);
    one["cpu_us_per_message"] = seconds ? json(r.us_per_message(*seconds)) : json(nullptr);
    list.push_back(std::move(one));
  }
  return list;
}

}  // namespace

std::string bench_json(bench_plan const& plan, bench_report const& r) {
  auto const& c = r.counts;
  json to;
  to["schema"] = "wsgw.bench.v1";
  to["loop"] = plan.is_open_loop() ? "open" : "closed";
  to["connections"] = plan.connections;
  to["connections_opened"] = c.opened;
  to["in_flight"] = plan.in_flight;
  to["threads"] = plan.threads;
  to["seconds"] = r.seconds;
  put_messages(to, r.all);
  to["messages_unmatched"] = c.unmatched;
  to["messages_duplicate"] = c.duplicates;
  to["messages_per_s"] = r.per_second();
  to["answer_bytes"] = r.all.answer_bytes;
  to["latency_us"] = percentiles(r.all.latency_ns);
  if (plan.is_open_loop()) put_open_loop(to, plan, r);
  if (r.all.push_ns.count() != 0) to["push_latency_us"] = percentiles(r.all.push_ns);
  to["connect_us"] = percentiles(c.connect_ns);
  to["own_cpu_us_per_message"] = r.us_per_message(r.own_cpu_s);
  to["own_load"] = r.own_load();
  auto const limits = r.own_limits();
  to["generator_limited"] = !limits.empty();
  to["generator_limits"] = limits;
  to["cpu_of"] = cpu_of(r);
  to["errors"] = json(c.errors);
  to["warmup_errors"] = json(c.warmup_errors);
  if (plan.check) {
    to["check_every"] = plan.check_every;
    to["mismatches"] = r.all.mismatches;
  }
  if (c.services.size() > 1) to["services"] = services(plan, r);
  to["timeline"] = timeline(r);
  to["stalled"] = r.stalled;
  to["interrupted"] = r.interrupted;
  return to.dump(-1, ' ', false, json::error_handler_t::replace) + "\n";
}

}  // namespace gw::tools
