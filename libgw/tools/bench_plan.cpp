#include "tools/bench_plan.hpp"

#include <fmt/core.h>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <utility>

namespace gw::tools {
namespace {

constexpr double busy = 0.9;  // of a core: beyond this we measure ourselves

struct percentile {
  double percent;
  std::string_view name;
};
constexpr percentile shown[] = {{50, "p50"}, {90, "p90"}, {99, "p99"}, {99.9, "p99.9"}};

double us(std::uint64_t ns) {
  return static_cast<double>(ns) / 1e3;
}

std::string percentiles(histogram const& of) {
  if (of.count() == 0) return "no values";
  std::string text;
  for (auto const& p : shown) text += fmt::format("{} {:.1f}   ", p.name, us(of.value_at_percentile(p.percent)));
  return text + fmt::format("max {:.1f}", us(of.max()));
}

nlohmann::ordered_json percentiles_json(histogram const& of) {
  nlohmann::ordered_json json;
  for (auto const& p : shown) json[std::string(p.name)] = us(of.value_at_percentile(p.percent));
  json["max"] = us(of.max());
  json["mean"] = of.mean() / 1e3;
  return json;
}

std::string errors_text(bench_counts const& counts) {
  std::string text;
  for (auto const& [what, times] : counts.errors)
    text += fmt::format("{}{}: {}", text.empty() ? "" : ", ", what, times);
  if (counts.unanswered != 0) text += fmt::format("{}unanswered: {}", text.empty() ? "" : ", ", counts.unanswered);
  return text.empty() ? "none" : text;
}

}  // namespace

void bench_counts::add(bench_counts const& other) {
  sent += other.sent;
  answered += other.answered;
  answer_bytes += other.answer_bytes;
  pushed += other.pushed;
  mismatches += other.mismatches;
  unanswered += other.unanswered;
  opened += other.opened;
  for (auto const& [what, times] : other.errors) errors[what] += times;
  latency_ns.merge(other.latency_ns);
  connect_ns.merge(other.connect_ns);
}

double bench_report::per_second() const noexcept {
  return seconds > 0 ? static_cast<double>(counts.answered) / seconds : 0.0;
}

double bench_report::us_per_message(double cpu_seconds) const noexcept {
  return counts.answered == 0 ? 0.0 : cpu_seconds * 1e6 / static_cast<double>(counts.answered);
}

double bench_report::own_load() const noexcept {
  return seconds > 0 ? busiest_cpu_s / seconds : 0.0;
}

std::string bench_text(bench_plan const& plan, bench_report const& r) {
  auto const& c = r.counts;
  auto const line = [](std::string_view name, std::string const& text) {
    return fmt::format("  {:<12}{}\n", name, text);
  };
  auto text = fmt::format("{} of {} connections, {} in flight each, {:.2f} s\n", c.opened, plan.connections,
                          plan.idle ? 0 : plan.in_flight, r.seconds);
  text += line("messages", fmt::format("{:.0f} /s   {:.2f} MB/s   {} answered, {} sent", r.per_second(),
                                       r.seconds > 0 ? static_cast<double>(c.answer_bytes) / 1e6 / r.seconds : 0.0,
                                       c.answered, c.sent));
  text += line("latency us", percentiles(c.latency_ns));
  text += line("connect us", percentiles(c.connect_ns));
  text += line("own CPU", fmt::format("{:.3f} us per message, {:.0f} % of a core in the busiest of {} threads",
                                      r.us_per_message(r.own_cpu_s), r.own_load() * 100, plan.threads));
  for (auto const& [pid, seconds] : r.cpu_s) {
    text += line(fmt::format("CPU {}", pid),
                 seconds ? fmt::format("{:.3f} us per message, {:.0f} % of a core", r.us_per_message(*seconds),
                                       r.seconds > 0 ? *seconds / r.seconds * 100 : 0.0)
                         : std::string("unknown: the process is gone"));
  }
  if (c.pushed != 0) text += line("pushed", fmt::format("{} messages without a request", c.pushed));
  if (plan.check) text += line("check", fmt::format("{} answers differ from their message", c.mismatches));
  text += line("errors", errors_text(c));
  if (r.stalled) text += "stopped early: no answer came any more\n";
  if (r.interrupted) text += "interrupted\n";
  if (r.own_load() > busy) {
    text += "the generator itself was the limit (own CPU above 90 %): use more --threads or another machine\n";
  }
  return text;
}

std::string bench_json(bench_plan const& plan, bench_report const& r) {
  auto const& c = r.counts;
  nlohmann::ordered_json json;
  json["schema"] = "wsgw.bench.v1";
  json["connections"] = plan.connections;
  json["connections_opened"] = c.opened;
  json["in_flight"] = plan.in_flight;
  json["threads"] = plan.threads;
  json["seconds"] = r.seconds;
  json["messages_sent"] = c.sent;
  json["messages_answered"] = c.answered;
  json["messages_pushed"] = c.pushed;
  json["messages_unanswered"] = c.unanswered;
  json["messages_per_s"] = r.per_second();
  json["answer_bytes"] = c.answer_bytes;
  json["latency_us"] = percentiles_json(c.latency_ns);
  json["connect_us"] = percentiles_json(c.connect_ns);
  json["own_cpu_us_per_message"] = r.us_per_message(r.own_cpu_s);
  json["own_load"] = r.own_load();
  json["generator_limited"] = r.own_load() > busy;
  json["cpu_of"] = nlohmann::ordered_json::array();
  for (auto const& [pid, seconds] : r.cpu_s) {
    nlohmann::ordered_json one;
    one["pid"] = pid;
    one["cpu_s"] = seconds ? nlohmann::ordered_json(*seconds) : nlohmann::ordered_json(nullptr);
    one["cpu_us_per_message"] =
        seconds ? nlohmann::ordered_json(r.us_per_message(*seconds)) : nlohmann::ordered_json(nullptr);
    json["cpu_of"].push_back(std::move(one));
  }
  json["errors"] = c.errors;
  if (plan.check) json["mismatches"] = c.mismatches;
  json["stalled"] = r.stalled;
  json["interrupted"] = r.interrupted;
  return json.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace) + "\n";
}

}  // namespace gw::tools
