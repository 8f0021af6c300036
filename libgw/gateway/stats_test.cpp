#include "gateway/stats.hpp"

#include "testing/catch.hpp"

#include <set>
#include <sstream>

using namespace gw;
using namespace gw::gateway;
using namespace std::chrono_literals;

namespace {

std::string text_of(std::vector<worker_stats const*> const& workers) {
  return metrics_text(workers, {.services = {"chat"}, .rules = {"legacy"}},
                      {{.healthy = 2, .unhealthy = 1, .draining = 4}}, "1.2.3");
}

bool has(std::string const& text, std::string const& line) {
  return text.find('\n' + line + '\n') != std::string::npos;
}

}  // namespace

TEST_CASE("what the workers counted is summed in one exposition") {
  worker_stats first(1, 1);
  worker_stats second(1, 1);
  first.decided_by[0].add(3);
  second.decided_by[1].add(2);
  first.of_service[0].messages_up.add(5);
  second.of_service[0].messages_up.add(6);
  first.session_closed(initiator::gateway, wire::close_code::slow_consumer, 30s);
  second.session_closed(initiator::client, wire::close_code::normal, 2h);
  first.of_service[0].connect_times_us.record(700);
  first.loop_lag_us.record(300);
  second.queue_memory.add(65'536);
  second.of_service[0].circuit.add(2);
  auto const text = text_of({&first, &second});
  CAPTURE(text);
  CHECK(has(text, R"(wsgw_service_instances{service="chat",state="healthy"} 2)"));
  CHECK(has(text, R"(wsgw_service_instances{service="chat",state="unhealthy"} 1)"));
  CHECK(has(text, R"(wsgw_service_instances{service="chat",state="unknown"} 0)"));
  CHECK(has(text, R"(wsgw_service_instances{service="chat",state="draining"} 4)"));
  CHECK(has(text, R"(wsgw_circuit_state{service="chat"} 2)"));
  CHECK(has(text, R"(wsgw_loop_lag_seconds_bucket{thread="0",le="0.0005"} 1)"));
  CHECK(has(text, R"(wsgw_loop_lag_seconds_count{thread="1"} 0)"));
  CHECK(has(text, R"(wsgw_queue_memory_bytes{thread="1"} 65536)"));
  CHECK(has(text, R"(wsgw_rule_matches_total{rule="url_rule"} 3)"));
  CHECK(has(text, R"(wsgw_rule_matches_total{rule="legacy"} 2)"));
  CHECK(has(text, R"(wsgw_messages_total{service="chat",direction="up"} 11)"));
  CHECK(has(text, R"(wsgw_sessions_closed_total{initiator="gateway",code="4008"} 1)"));
  CHECK(has(text, R"(wsgw_session_duration_seconds_bucket{le="60"} 1)"));
  CHECK(has(text, R"(wsgw_session_duration_seconds_count 2)"));
  CHECK(has(text, R"(wsgw_channel_connect_duration_seconds_bucket{service="chat",le="0.001"} 1)"));
  CHECK(has(text, R"(wsgw_channel_connect_duration_seconds_bucket{service="chat",le="0.0005"} 0)"));
}

TEST_CASE("every family is opened once, and every sample belongs to the family before it") {
  worker_stats only(1, 1);
  std::istringstream lines(text_of({&only}));
  std::set<std::string> seen;
  std::string family;
  for (std::string line; std::getline(lines, line);) {
    CAPTURE(line);
    if (line.starts_with("# HELP ")) {
      family = line.substr(7, line.find(' ', 7) - 7);
      CHECK(seen.insert(family).second);
    } else if (!line.starts_with('#')) {
      CHECK(line.starts_with(family));
    }
  }
  for (auto const* const wanted :
       {"wsgw_build_info", "wsgw_sessions", "wsgw_channels", "wsgw_messages_total", "wsgw_heartbeat_timeouts_total",
        "wsgw_ping_rtt_seconds", "wsgw_backpressure_pauses_total", "wsgw_instance_ejections_total",
        "process_resident_memory_bytes", "process_open_fds", "process_cpu_seconds_total"}) {
    CAPTURE(wanted);
    CHECK(seen.contains(wanted));
  }
}
