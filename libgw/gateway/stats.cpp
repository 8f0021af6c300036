#include "gateway/stats.hpp"

#include "core/exposition.hpp"
#include "core/log.hpp"
#include "core/memory.hpp"

#include <sys/resource.h>

#include <algorithm>
#include <filesystem>
#include <system_error>

namespace gw::gateway {
namespace {

constexpr std::array<std::string_view, 3> initiators = {"client", "gateway", "upstream"};

template <class Member>
std::uint64_t sum(std::vector<worker_stats const*> const& workers, Member&& member) {
  std::uint64_t total = 0;
  for (auto const* w : workers) total += member(*w).get();
  return total;
}

void write_sessions(exposition& out, std::vector<worker_stats const*> const& workers) {
  out.family("wsgw_sessions", "Client WebSockets that are open.", metric_type::gauge);
  out.sample("wsgw_sessions", {},
             sum(
                 workers, [](auto& w) -> auto& { return w.sessions; }));
  out.family("wsgw_sessions_opened_total", "Client WebSockets that were opened.", metric_type::counter);
  out.sample("wsgw_sessions_opened_total", {},
             sum(
                 workers, [](auto& w) -> auto& { return w.sessions_opened; }));
  out.family("wsgw_handshakes_refused_total", "Requests answered with an HTTP status instead of an upgrade.",
             metric_type::counter);
  out.sample("wsgw_handshakes_refused_total", {},
             sum(
                 workers, [](auto& w) -> auto& { return w.handshakes_refused; }));
  out.family("wsgw_sessions_closed_total", "Client WebSockets that ended, by who ended them and the close code.",
             metric_type::counter);
  for (std::size_t by = 0; by < initiators.size(); ++by) {
    for (std::size_t i = 0; i <= worker_stats::known_codes.size(); ++i) {
      auto const total = sum(
          workers, [&](auto& w) -> auto& { return w.closed[by][i]; });
      if (total == 0) continue;
      auto const code = i < worker_stats::known_codes.size() ? std::to_string(worker_stats::known_codes[i]) : "other";
      out.sample("wsgw_sessions_closed_total", {{"initiator", initiators[by]}, {"code", code}}, total);
    }
  }
}

/// One family with a sample per service and, where `second` names one, per value of a second label.
struct per_service {
  std::string_view family, help;
  metric_type type;
  std::string_view label, value;
  counter service_stats::*member;
};

constexpr auto service_families = std::to_array<per_service>({
    {"wsgw_channels", "Upstream WebSockets, open or dialling.", metric_type::gauge, "", "", &service_stats::channels},
    {"wsgw_channel_connects_total", "Attempts to open an upstream WebSocket.", metric_type::counter, "result", "ok",
     &service_stats::connects},
    {"wsgw_channel_connects_total", "", metric_type::counter, "result", "failed", &service_stats::connect_failures},
    {"wsgw_backpressure_pauses_total", "Pauses of a session because a channel's queue was above its mark.",
     metric_type::counter, "", "", &service_stats::pauses},
    {"wsgw_channels_moved_total", "Channels that were re-homed.", metric_type::counter, "", "",
     &service_stats::channels_moved},
    {"wsgw_instance_ejections_total", "Times a worker took an instance out because it failed in a row.",
     metric_type::counter, "", "", &service_stats::ejections},
    {"wsgw_messages_total", "Data messages accepted for a service (up) and taken from it (down).", metric_type::counter,
     "direction", "up", &service_stats::messages_up},
    {"wsgw_messages_total", "", metric_type::counter, "direction", "down", &service_stats::messages_down},
    {"wsgw_message_bytes_total", "Bytes of the frames relayed.", metric_type::counter, "direction", "up",
     &service_stats::bytes_up},
    {"wsgw_message_bytes_total", "", metric_type::counter, "direction", "down", &service_stats::bytes_down},
});

void write_services(exposition& out, std::vector<worker_stats const*> const& workers,
                    std::vector<std::string> const& services) {
  for (auto const& f : service_families) {
    if (!f.help.empty()) out.family(f.family, f.help, f.type);
    for (std::size_t i = 0; i < services.size(); ++i) {
      auto const total = sum(
          workers, [&](auto& w) -> auto& { return w.of_service[i].*f.member; });
      if (f.label.empty()) {
        out.sample(f.family, {{"service", services[i]}}, total);
      } else {
        out.sample(f.family, {{"service", services[i]}, {f.label, f.value}}, total);
      }
    }
  }
}

void write_times(exposition& out, std::vector<worker_stats const*> const& workers,
                 std::vector<std::string> const& services) {
  out.family("wsgw_session_duration_seconds", "Lives of client WebSockets that ended.", metric_type::histogram);
  bucket_counts::totals lives;
  for (auto const* w : workers) w->session_times_s.add_to(lives);
  out.histogram("wsgw_session_duration_seconds", {}, life_bounds_s, lives, 1);
  out.family("wsgw_channel_connect_duration_seconds", "From the dial of an upstream WebSocket to its 101.",
             metric_type::histogram);
  for (std::size_t i = 0; i < services.size(); ++i) {
    bucket_counts::totals all;
    for (auto const* w : workers) w->of_service[i].connect_times_us.add_to(all);
    out.histogram("wsgw_channel_connect_duration_seconds", {{"service", services[i]}}, time_bounds_us, all, 1e6);
  }
}

void write_rules(exposition& out, std::vector<worker_stats const*> const& workers,
                 std::vector<std::string> const& rules) {
  out.family("wsgw_rule_matches_total", "Messages that a rule sent to a service.", metric_type::counter);
  for (std::size_t i = 0; i <= rules.size(); ++i) {
    auto const total = sum(
        workers, [&](auto& w) -> auto& { return w.decided_by[i]; });
    out.sample("wsgw_rule_matches_total", {{"rule", i == 0 ? std::string_view("url_rule") : rules[i - 1]}}, total);
  }
}

/// The families that Prometheus' own client libraries have.
void write_process(exposition& out) {
  rusage used{};
  ::getrusage(RUSAGE_SELF, &used);
  auto const seconds = [](timeval const& t) {
    return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_usec) / 1e6;
  };
  rlimit descriptors{};
  ::getrlimit(RLIMIT_NOFILE, &descriptors);
  std::error_code unknown;
  std::size_t open = 0;
  for (auto at = std::filesystem::directory_iterator("/proc/self/fd", unknown); !unknown && at != end(at);
       at.increment(unknown)) {
    ++open;
  }
  out.family("process_cpu_seconds_total", "Processor time, user and system.", metric_type::counter);
  out.sample("process_cpu_seconds_total", {}, seconds(used.ru_utime) + seconds(used.ru_stime));
  out.family("process_resident_memory_bytes", "Resident memory.", metric_type::gauge);
  out.sample("process_resident_memory_bytes", {}, std::uint64_t{memory_resident()});
  out.family("process_open_fds", "Open descriptors.", metric_type::gauge);
  out.sample("process_open_fds", {}, std::uint64_t{open});
  out.family("process_max_fds", "Descriptors that may be open.", metric_type::gauge);
  out.sample("process_max_fds", {}, std::uint64_t{descriptors.rlim_cur});
}

void write_heartbeats(exposition& out, std::vector<worker_stats const*> const& workers,
                      std::vector<std::string> const& services) {
  out.family("wsgw_heartbeat_timeouts_total", "Peers that showed no sign of life in time.", metric_type::counter);
  out.sample("wsgw_heartbeat_timeouts_total", {{"side", "client"}},
             sum(
                 workers, [](auto& w) -> auto& { return w.silent_clients; }));
  for (std::size_t i = 0; i < services.size(); ++i) {
    auto const total = sum(
        workers, [&](auto& w) -> auto& { return w.of_service[i].silent_upstreams; });
    out.sample("wsgw_heartbeat_timeouts_total", {{"side", "upstream"}, {"service", services[i]}}, total);
  }
  out.family("wsgw_ping_rtt_seconds", "Round trips of pings to upstreams.", metric_type::histogram);
  for (std::size_t i = 0; i < services.size(); ++i) {
    bucket_counts::totals all;
    for (auto const* w : workers) w->of_service[i].round_trips_us.add_to(all);
    out.histogram("wsgw_ping_rtt_seconds", {{"service", services[i]}}, time_bounds_us, all, 1e6);
  }
}

void write_loops(exposition& out, std::vector<worker_stats const*> const& workers) {
  out.family("wsgw_loop_lag_seconds", "How late the timers of a thread were: it was busy.", metric_type::histogram);
  for (std::size_t i = 0; i < workers.size(); ++i) {
    bucket_counts::totals late;
    workers[i]->loop_lag_us.add_to(late);
    out.histogram("wsgw_loop_lag_seconds", {{"thread", std::to_string(i)}}, time_bounds_us, late, 1e6);
  }
  out.family("wsgw_queue_memory_bytes", "Memory of the chunks that hold queued output.", metric_type::gauge);
  for (std::size_t i = 0; i < workers.size(); ++i) {
    out.sample("wsgw_queue_memory_bytes", {{"thread", std::to_string(i)}}, workers[i]->queue_memory.get());
  }
}

void write_deflate(exposition& out, std::vector<worker_stats const*> const& workers) {
  constexpr std::string_view name = "wsgw_deflate_bytes_total";
  out.family(name, "Payload of compressed messages of clients (up) and to them (down), on the wire and inflated.",
             metric_type::counter);
  auto const write = [&](std::string_view direction, deflate_stats worker_stats::*which) {
    auto const total = [&](counter deflate_stats::*form) {
      return sum(
          workers, [=](auto& w) -> auto& { return (w.*which).*form; });
    };
    out.sample(name, {{"direction", direction}, {"form", "compressed"}}, total(&deflate_stats::compressed));
    out.sample(name, {{"direction", direction}, {"form", "plain"}}, total(&deflate_stats::plain));
  };
  write("up", &worker_stats::inflated);
  write("down", &worker_stats::deflated);
}

void write_instances(exposition& out, std::vector<std::string> const& services,
                     std::vector<instance_counts> const& instances) {
  constexpr std::string_view family = "wsgw_service_instances";
  out.family(family, "Known instances of a service, by what health checks say of those that do not drain.",
             metric_type::gauge);
  for (std::size_t i = 0; i < services.size(); ++i) {
    auto const sample = [&](std::string_view state, std::size_t count) {
      out.sample(family, {{"service", services[i]}, {"state", state}}, std::uint64_t{count});
    };
    sample("healthy", instances[i].healthy);
    sample("unhealthy", instances[i].unhealthy);
    sample("unknown", instances[i].unknown);
    sample("draining", instances[i].draining);
  }
}

void write_circuits(exposition& out, std::vector<worker_stats const*> const& workers,
                    std::vector<std::string> const& services) {
  out.family("wsgw_circuit_state",
             "Whether a service is dialled: 0 closed (it is), 1 half open (one try a second), 2 open (it is not); of "
             "the worst thread, as of its last dial.",
             metric_type::gauge);
  for (std::size_t i = 0; i < services.size(); ++i) {
    std::uint64_t worst = 0;
    for (auto const* w : workers) worst = std::max(worst, w->of_service[i].circuit.get());
    out.sample("wsgw_circuit_state", {{"service", services[i]}}, worst);
  }
}

void write_rejections(exposition& out, std::vector<worker_stats const*> const& workers) {
  out.family("wsgw_messages_rejected_total", "Error frames and notices sent to clients, by code.",
             metric_type::counter);
  for (std::size_t i = 0; i <= static_cast<std::size_t>(errc::internal); ++i) {
    auto const total = sum(
        workers, [&](auto& w) -> auto& { return w.rejected[i]; });
    if (total != 0) {
      out.sample("wsgw_messages_rejected_total", {{"reason", row_of(static_cast<errc>(i)).name}}, total);
    }
  }
}

}  // namespace

std::string_view name_of(initiator who) noexcept {
  return initiators[static_cast<std::size_t>(who)];
}

void worker_stats::session_closed(initiator who, wire::close_code code, std::chrono::seconds lived) noexcept {
  session_times_s.record(static_cast<std::uint64_t>(lived.count()));
  auto const known = std::find(known_codes.begin(), known_codes.end(), static_cast<std::uint16_t>(code));
  closed[static_cast<std::size_t>(who)][static_cast<std::size_t>(known - known_codes.begin())].add();
}

std::string metrics_text(std::vector<worker_stats const*> const& workers, metric_names const& names,
                         std::vector<instance_counts> const& instances, std::string_view version) {
  auto const& services = names.services;
  exposition out;
  out.family("wsgw_build_info", "Constant 1; the labels say what runs.", metric_type::gauge);
  out.sample("wsgw_build_info", {{"version", version}}, std::uint64_t{1});
  out.family("wsgw_workers", "Threads of the data path.", metric_type::gauge);
  out.sample("wsgw_workers", {}, std::uint64_t{workers.size()});
  write_sessions(out, workers);
  write_services(out, workers, services);
  write_times(out, workers, services);
  write_rules(out, workers, names.rules);
  write_heartbeats(out, workers, services);
  write_rejections(out, workers);
  write_deflate(out, workers);
  write_loops(out, workers);
  out.family("wsgw_messages_dropped_total", "Messages of upstreams to clients that had got the Close of a drain.",
             metric_type::counter);
  out.sample("wsgw_messages_dropped_total", {},
             sum(
                 workers, [](auto& w) -> auto& { return w.messages_dropped; }));
  write_instances(out, services, instances);
  write_circuits(out, workers, services);
  out.family("wsgw_log_dropped_total", "Log lines dropped because nobody took them in time.", metric_type::counter);
  out.sample("wsgw_log_dropped_total", {}, log::dropped());
  write_process(out);
  return out.take();
}

}  // namespace gw::gateway
