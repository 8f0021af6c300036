#include "tools/bench_report.hpp"
#include "tools/bench_world_test.hpp"

#include <nlohmann/json.hpp>

#include <chrono>
#include <csignal>
#include <utility>
#include <vector>

using namespace gw;
using namespace gw::tools;
using namespace gw::tools::testing;

namespace {

constexpr rate quick{20'000, std::chrono::seconds(1)};

bench_plan open_loop(bench_plan plan, std::uint64_t messages) {
  plan.rate = quick;
  plan.in_flight = 1000;
  plan.messages = messages;
  return plan;
}

mock_behaviour raw() {
  return {.reply = mock_behaviour::answer::raw};
}

}  // namespace

TEST_CASE("An open loop sends every message that is due, by all threads together") {
  running_mock const m(raw());
  for (std::size_t const threads : {1U, 2U, 3U}) {
    CAPTURE(threads);
    auto plan = open_loop(m.plan(), 201);
    plan.threads = threads;
    plan.check = true;
    auto const report = run(plan);
    CHECK(report.all.sent == 201);
    CHECK(report.all.answered == 201);
    CHECK(report.all.mismatches == 0);
    CHECK(report.counts.skipped == 0);
    CHECK(report.all.latency_ns.count() == 201);
    CHECK(report.all.uncorrected_ns.count() == 201);
    CHECK(report.counts.send_lag_ns.count() == 201);
    // What is late to leave is late to come.
    CHECK(report.all.latency_ns.mean() >= report.all.uncorrected_ns.mean());
    CHECK(report.counts.errors.empty());
  }
}

TEST_CASE("An open loop takes at least the time that its rate says") {
  running_mock const m(raw());
  auto plan = open_loop(m.plan(), 21);
  plan.rate = gw::rate{1000, std::chrono::seconds(1)};
  monotonic_clock const time;
  auto const begun = time.now();
  CHECK(run(plan).all.answered == 21);
  CHECK(time.now() - begun >= std::chrono::milliseconds(20));
}

TEST_CASE("An open loop goes on while nothing is answered, up to the messages that may be in flight") {
  running_mock const m(mock_behaviour{.reply = mock_behaviour::answer::none});
  auto plan = open_loop(m.plan(), 50);
  plan.in_flight = 3;
  plan.last_answers = std::chrono::milliseconds(1);
  auto const report = run(plan);
  CHECK(report.all.sent == 15);
  CHECK(report.counts.skipped == 35);
  CHECK(report.all.unanswered == 15);
  CHECK_FALSE(report.stalled);
  CHECK(report.errors() == 15);
  CHECK(report.error_rate() == 1.0);
}

TEST_CASE("An open loop by time measures what is due after its warm-up, and waits for the last answers") {
  running_mock const m(raw());
  auto plan = open_loop(m.plan(), 0);
  plan.messages.reset();
  plan.warmup = std::chrono::milliseconds(20);
  plan.duration = std::chrono::milliseconds(50);
  auto const report = run(plan);
  // 20 a millisecond, whenever a thread was told that the measurement has begun.
  CHECK(report.all.sent + report.counts.skipped == 1000);
  CHECK(report.counts.send_lag_ns.count() == report.all.sent);
  CHECK(report.all.answered == report.all.sent);
  CHECK(report.all.answer_bytes == report.all.answered * plan.size);
  CHECK(report.all.unanswered == 0);
  CHECK(report.seconds == 0.05);
}

TEST_CASE("An open loop that nobody is left for has taken as long as it took") {
  running_mock const m(mock_behaviour{.reply = mock_behaviour::answer::raw, .close_after = 1});
  auto plan = open_loop(m.plan(), 1'000);
  plan.rate = gw::rate{1, std::chrono::seconds(1)};
  plan.connections = 1;
  auto const report = run(plan);
  CHECK(report.all.sent == 1);
  CHECK(report.seconds < 900);  // of the 1000 that were planned
}

TEST_CASE("A report of an open loop shows what was planned, what left and how late") {
  running_mock const m(raw());
  auto const plan = open_loop(m.plan(), 100);
  auto const report = run(plan);
  auto const json = nlohmann::json::parse(bench_json(plan, report));
  CHECK(json["loop"] == "open");
  CHECK(json["rate_planned_per_s"] == 20'000);
  CHECK(json["rate_sent_per_s"].get<double>() > 0);
  CHECK(json["messages_skipped"] == 0);
  CHECK(json["send_lag_us"]["p99"].get<double>() > 0);
  CHECK(json["latency_uncorrected_us"]["p99"].get<double>() <= json["latency_us"]["max"].get<double>());
  auto const text = bench_text(plan, report);
  CHECK(text.find("uncorrected") != std::string::npos);
  CHECK(text.find("planned 20000 /s") != std::string::npos);
}

TEST_CASE("The report says why the generator itself was the limit") {
  bench_plan plan;
  plan.rate = quick;
  bench_report report;
  report.seconds = 1;
  CHECK(nlohmann::json::parse(bench_json(plan, report))["generator_limited"] == false);
  report.counts.send_lag_ns.record(1'100'000);
  report.busiest_cpu_s = 0.95;
  auto const json = nlohmann::json::parse(bench_json(plan, report));
  CHECK(json["generator_limited"] == true);
  CHECK(json["generator_limits"].size() == 2);
  CHECK(bench_text(plan, report).find("the generator itself was the limit: messages left late") != std::string::npos);
}

TEST_CASE("With a key answers may come in any order") {
  std::vector<std::string> held;
  strange_server const server([&](net::peer& to, std::string_view text) {
    held.emplace_back(text);
    if (held.size() < 4) return;
    for (; !held.empty(); held.pop_back()) to.send_message(wire::opcode::text, held.back());
  });
  auto plan = server.plan();
  plan.connections = 1;
  plan.in_flight = 4;
  plan.messages = 40;
  plan.mix = {{.text = R"({"method":"/api/v1/{service}/x","data":{"id":{n}}})"}};
  plan.check = true;
  CHECK(run(plan).all.mismatches > 0);
  plan.match = "/data/id";
  auto const report = run(plan);
  CHECK(report.all.answered == 40);
  CHECK(report.all.mismatches == 0);
  CHECK(report.counts.unmatched == 0);
}

TEST_CASE("Answers that belong to no message, or to one that was answered, are counted") {
  strange_server const server([](net::peer& to, std::string_view text) {
    to.send_message(wire::opcode::text, text);
    to.send_message(wire::opcode::text, text);
    to.send_message(wire::opcode::text, R"({"data":{"id":"nobody's"}})");
    to.send_message(wire::opcode::text, R"({"data":1})");
  });
  auto plan = server.plan();
  plan.connections = 1;
  plan.messages = 2;
  plan.mix = {{.text = R"({"data":{"id":"{uuid}"}})"}};
  plan.match = "/data/id";
  plan.duration = std::chrono::milliseconds(20);
  auto const report = run(plan);
  CHECK(report.all.answered == 2);
  // The last message's own duplicates may come when the run has ended.
  CHECK(report.counts.duplicates >= 1);
  CHECK(report.counts.unmatched >= 2);
}

TEST_CASE("With a key an error frame belongs to the message whose id it echoes, else to the oldest") {
  int n = 0;
  strange_server const server([&](net::peer& to, std::string_view text) {
    auto const id = nlohmann::json::parse(text)["id"].dump();
    auto const refuse = [&](std::string const& data) {
      to.send_message(
          wire::opcode::text,
          R"({"method":null,"status":1,"error":{"gw":1,"code":"NO_ROUTE","service":"echo"},"data":)" + data + "}");
    };
    switch (++n) {
      case 1:
        return;
      case 2:
        return refuse(R"({"id":)" + id + "}");
      case 3:
        return refuse("{}");
      default:
        refuse("{}");
        to.send_message(wire::opcode::text, text);  // of all it is the only one that still waits
    }
  });
  auto plan = server.plan();
  plan.connections = 1;
  plan.in_flight = 3;
  plan.messages = 4;
  plan.mix = {{.text = R"({"id":{n}})"}};
  plan.match = "/id";
  auto const report = run(plan);
  CHECK(report.all.failed == 3);
  CHECK(report.all.answered == 1);
  CHECK(report.counts.unmatched == 0);
  CHECK(report.counts.errors == error_counts{{"NO_ROUTE", 3}});
}

TEST_CASE("A pointer that is none is told") {
  bench_plan plan;
  plan.match = "id";
  auto const told = run_bench(plan);
  REQUIRE_FALSE(told.has_value());
  CHECK(told.error().code == errc::bad_usage);
  CHECK(told.error().context.starts_with("--match 'id': "));
}

TEST_CASE("Pushes are timed from the wall clock that they carry") {
  strange_server const server([](net::peer& to, std::string_view text) {
    to.send_message(wire::opcode::text, R"({"data":{"sentUs":)" + std::to_string(wall_clock_us() - 5'000'000) + "}}");
    to.send_message(wire::opcode::text, text);
  });
  auto plan = server.plan();
  plan.connections = 1;
  plan.messages = 3;
  plan.push = "/data/sentUs";
  auto const report = run(plan);
  CHECK(report.all.answered == 3);
  CHECK(report.all.pushed == 3);
  CHECK(report.all.push_ns.count() == 3);
  CHECK(report.all.push_ns.min() >= 5'000'000'000);
  CHECK(nlohmann::json::parse(bench_json(plan, report))["push_latency_us"]["p50"].get<double>() >= 5e6);
}

TEST_CASE("What a mock service pushes carries its time, too") {
  running_mock const m(mock_behaviour{.push = rate{1000}});
  auto plan = m.plan();
  plan.messages.reset();
  plan.warmup = std::chrono::milliseconds(0);
  plan.duration = std::chrono::hours(1);
  plan.interval = std::chrono::milliseconds(1);
  plan.push = "/sent_us";
  bool ended = false;
  bench_surroundings around;
  around.catch_signals = true;
  around.watch = [&ended](bench_second const& one) {
    if (one.pushed != 0 && !std::exchange(ended, true)) std::raise(SIGINT);
  };
  auto const interrupted = run_bench(plan, around);
  REQUIRE(interrupted.has_value());
  auto const& report = *interrupted;
  CHECK(report.all.pushed > 0);
  CHECK(report.all.push_ns.count() == report.all.pushed);
  CHECK(report.counts.errors.empty());
}

TEST_CASE("A mix sends its texts by weight, each to every service") {
  std::map<std::string, int, std::less<>> seen;
  strange_server server([&](net::peer& to, std::string_view text) {
    ++seen[std::string(text)];
    to.send_message(wire::opcode::text, text);
  });
  auto plan = server.plan();
  plan.connections = 1;
  plan.messages = 80;
  plan.services = {"a", "b"};
  plan.mix = {{.text = R"({"method":"/api/v1/{service}/often"})", .weight = 3},
              {.text = R"({"method":"/api/v1/{service}/seldom"})", .weight = 1}};
  auto const report = run(plan);
  server.stop();
  CHECK(report.all.answered == 80);
  CHECK(seen == std::map<std::string, int, std::less<>>{{R"({"method":"/api/v1/a/often"})", 30},
                                                        {R"({"method":"/api/v1/b/often"})", 30},
                                                        {R"({"method":"/api/v1/a/seldom"})", 10},
                                                        {R"({"method":"/api/v1/b/seldom"})", 10}});
  CHECK(report.counts.services[0].answered == 40);
  CHECK(report.counts.services[1].latency_ns.count() == 40);
}

TEST_CASE("Rows of a CSV file are a connection's, or one after the other") {
  using texts = std::map<std::string, int, std::less<>>;
  auto const seen_with = [](std::string text) {
    texts seen;
    strange_server server([&](net::peer& to, std::string_view message) {
      ++seen[std::string(message)];
      to.send_message(wire::opcode::text, message);
    });
    auto plan = server.plan();
    plan.connections = 2;
    plan.messages = 6;
    plan.rows = *csv_table::parse("user\nann\nbob\neve\n");
    plan.mix = {{.text = std::move(text)}};
    CHECK(run(plan).all.answered == 6);
    server.stop();
    return seen;
  };
  auto const of_connections = seen_with("{csv:user}");
  CHECK(of_connections.size() == 2);
  CHECK(of_connections.count("ann") == 1);
  CHECK(of_connections.count("bob") == 1);
  // Which connection sends the sixth message is open; each takes every second row.
  CHECK(seen_with("{next:user}").size() == 3);
}

TEST_CASE("Connections go to the targets in turn, and are opened over the time of the ramp") {
  int to_first = 0;
  int to_second = 0;
  auto const echo_counted = [](int& count) {
    return [&count](net::peer& to, std::string_view message) {
      ++count;
      to.send_message(wire::opcode::text, message);
    };
  };
  strange_server first(echo_counted(to_first));
  strange_server second(echo_counted(to_second));
  auto plan = first.plan();
  plan.targets.push_back(second.plan().targets.front());
  plan.connections = 4;
  plan.messages = 40;
  plan.ramp = std::chrono::milliseconds(40);
  monotonic_clock const time;
  auto const begun = time.now();
  auto const report = run(plan);
  CHECK(time.now() - begun >= std::chrono::milliseconds(30));  // the last of four begins after three quarters
  CHECK(report.counts.opened == 4);
  CHECK(report.all.answered == 40);
  first.stop();
  second.stop();
  CHECK(to_first + to_second == 40);
  CHECK(to_first >= 2);  // two connections each
  CHECK(to_second >= 2);
}

TEST_CASE("Those who look on are told what happened in each interval") {
  running_mock const m(raw());
  auto plan = m.plan();
  plan.interval = std::chrono::hours(1);
  plan.in_flight = 2;
  std::vector<bench_second> told;
  auto const report = run_bench(plan, {.watch = [&](bench_second const& one) { told.push_back(one); }});
  REQUIRE(report.has_value());
  REQUIRE(told.size() == 1);  // what is less than an interval, at the end
  CHECK(told.front().measured);
  CHECK(told.front().from_s == 0);
  CHECK(told.front().to_s > 0);
  CHECK(told.front().open == 5);
  CHECK(told.front().answered == 1000);
  CHECK(told.front().in_flight == 0);
  CHECK(told.front().p99_ns >= told.front().p50_ns);
  CHECK(report->timeline.size() == 1);
}
