#include "tools/bench_report.hpp"
#include "tools/bench_stall.hpp"
#include "tools/bench_world_test.hpp"
#include "tools/cpu_time.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <unistd.h>

#include <atomic>
#include <csignal>
#include <limits>
#include <utility>

using namespace gw;
using namespace gw::tools;
using namespace gw::tools::testing;

namespace {

void check_exact(bench_plan const& plan) {
  CAPTURE(plan.connections, plan.in_flight, plan.threads, *plan.messages, plan.size);
  auto const report = run(plan);
  auto const& c = report.all;
  CAPTURE(report.counts.errors);
  CHECK(report.counts.opened == plan.connections);
  CHECK(c.sent == *plan.messages);
  CHECK(c.answered == *plan.messages);
  CHECK(c.answer_bytes == *plan.messages * plan.size);
  CHECK(c.latency_ns.count() == *plan.messages);
  CHECK(c.latency_ns.min() > 0);
  CHECK(c.mismatches == 0);
  CHECK(c.unanswered == 0);
  CHECK(report.counts.errors.empty());
}

}  // namespace

TEST_CASE("A load test of so many messages sends and counts exactly so many") {
  running_mock const m(mock_behaviour{.reply = mock_behaviour::answer::raw});
  auto plan = m.plan();
  plan.check = true;
  check_exact(plan);
  plan.in_flight = 32;
  check_exact(plan);
  plan.threads = 2;
  plan.messages = 1001;
  check_exact(plan);
  plan.messages = 3;  // fewer than connections
  check_exact(plan);
  plan.messages = 50;
  plan.size = 300'000;  // larger than a read and than the batch
  check_exact(plan);
}

TEST_CASE("Several services are taken in turn") {
  running_mock const m(mock_behaviour{.reply = mock_behaviour::answer::raw});
  auto plan = m.plan();
  plan.services = {"order", "chat", "order-2"};
  plan.in_flight = 4;
  plan.check = true;
  check_exact(plan);
}

TEST_CASE("Envelopes are answers too") {
  running_mock const m(mock_behaviour{.reply = mock_behaviour::answer::envelope});
  auto const report = run(m.plan());
  CHECK(report.all.answered == 1000);
  CHECK(report.counts.errors.empty());
}

TEST_CASE("Pushed messages are not taken for answers") {
  strange_server const server([](net::peer& to, std::string_view text) {
    to.send_message(wire::opcode::text, R"({"service":"echo","instance":"echo-1","push":1})");
    to.send_message(wire::opcode::text, text);
  });
  auto const report = run(server.plan());
  CHECK(report.all.answered == 1000);
  CHECK(report.all.pushed == 1000);
  CHECK(report.counts.errors.empty());
}

TEST_CASE("A check finds the one answer that differs") {
  // The 70th message comes back with one byte changed.
  std::atomic<int> left = 70;
  strange_server const server([&left](net::peer& to, std::string_view text) {
    std::string answer(text);
    if (--left == 0) answer.back() ^= 1;
    to.send_message(wire::opcode::text, answer);
  });
  auto plan = server.plan();
  plan.connections = 1;
  plan.in_flight = 8;
  plan.check = true;
  CHECK(run(plan).all.mismatches == 1);
  // Of every seventh message it is one, of every fourth none.
  left = 70;
  plan.check_every = 7;
  CHECK(run(plan).all.mismatches == 1);
  left = 70;
  plan.check_every = 4;
  auto const passed_over = run(plan);
  CHECK(passed_over.all.mismatches == 0);
  CHECK(nlohmann::json::parse(bench_json(plan, passed_over))["check_every"] == 4);
  plan.check_every = 1;
  left = 70;
  plan.mix = {{.text = R"({"method":"/api/v1/{service}/x"})"}};
  CHECK(run(plan).all.mismatches == 1);
}

TEST_CASE("A gateway's error frames are failures, not answers, and say nothing of the latency") {
  auto const frame =
      R"({"method":null,"status":1,"error":{"gw":1,"code":"NO_INSTANCE","http":503,"service":"echo"},"data":{}})";
  running_mock const m(mock_behaviour{.reply = mock_behaviour::answer::text, .text = reply_template(frame)});
  auto plan = m.plan();
  plan.in_flight = 4;
  auto const report = run(plan);
  CHECK(report.all.sent == 1000);
  CHECK(report.all.answered == 0);
  CHECK(report.all.failed == 1000);
  CHECK(report.all.latency_ns.count() == 0);
  CHECK(report.counts.errors == error_counts{{"NO_INSTANCE", 1000}});
  CHECK(bench_text(plan, report).find("0 answered, 1000 failed, 1000 sent") != std::string::npos);
  auto const json = nlohmann::json::parse(bench_json(plan, report));
  CHECK(json["messages_answered"] == 0);
  CHECK(json["messages_failed"] == 1000);
  CHECK(json["errors"]["NO_INSTANCE"] == 1000);
}

TEST_CASE("Errors are counted by their code") {
  running_mock const m(mock_behaviour{
      .reply = mock_behaviour::answer::text,
      .text = reply_template(R"({"method":{/method},"status":1,"error":{"gw":1,"code":"N{n}","service":"echo"}})")});
  auto plan = m.plan();
  plan.connections = 1;
  plan.messages = 3;
  CHECK(run(plan).counts.errors == error_counts{{"N1", 1}, {"N2", 1}, {"N3", 1}});
}

TEST_CASE("A connection that ends is counted and does not end the test") {
  running_mock const m(mock_behaviour{.reply = mock_behaviour::answer::raw, .close_after = 10});
  auto plan = m.plan();
  auto const report = run(plan);
  CHECK(report.all.answered == 50);
  CHECK(report.counts.errors == error_counts{{"closed 1000", 5}});
  CHECK(report.all.sent == report.all.answered + report.all.unanswered);
}

TEST_CASE("A test against a server that does not answer ends") {
  running_mock const m(mock_behaviour{.reply = mock_behaviour::answer::none});
  auto plan = m.plan();
  plan.answer_limit = plan.interval = std::chrono::milliseconds(1);
  auto const report = run(plan);
  CHECK(report.stalled);
  CHECK(report.all.sent == 5);
  CHECK(report.all.answered == 0);
}

TEST_CASE("When a test by time ends, what has been under way for a second is unanswered") {
  running_mock const m(mock_behaviour{.reply = mock_behaviour::answer::none});
  auto plan = m.plan();
  plan.messages.reset();
  plan.warmup = std::chrono::milliseconds(1);
  plan.duration = std::chrono::milliseconds(1100);
  auto const report = run(plan);
  CHECK(report.all.unanswered == 5);
  CHECK(report.all.answered == 0);
}

TEST_CASE("A thread whose clients hear nothing keeps nobody else from his messages") {
  // The first client's thread has one message under way, for ever; the second one's has all of its answers.
  strange_server const server([](net::peer& to, std::string_view text) {
    if (text != "client 0") to.send_message(wire::opcode::text, text);
  });
  auto plan = server.plan();
  plan.connections = plan.threads = 2;
  plan.mix = {{.text = "client {connection}"}};
  plan.interval = std::chrono::milliseconds(1);
  std::uint64_t answered = 0;
  bench_surroundings around;
  around.catch_signals = true;
  around.watch = [&answered](bench_second const& seen) {
    if (answered < 500 && (answered += seen.answered) == 500) std::raise(SIGINT);
  };
  auto const report = run_bench(plan, around);
  REQUIRE(report.has_value());
  CHECK(report->interrupted);
  CHECK(report->all.sent == 501);
  CHECK(report->all.answered == 500);
}

TEST_CASE("A stall is that nothing at all comes back for so long while something is awaited") {
  bench_stall stall(std::chrono::seconds(10));
  manual_clock time;
  auto const look = [&](std::uint64_t in_flight, std::uint64_t back, std::chrono::seconds later) {
    time.advance(later);
    return stall.is_at_hand({.back = back, .in_flight = in_flight}, time.now());
  };
  using std::chrono::seconds;
  CHECK_FALSE(look(5, 0, seconds(100)));  // the first look knows of nothing before
  CHECK_FALSE(look(5, 0, seconds(9)));
  CHECK_FALSE(look(5, 1, seconds(9)));  // one answer, of whichever thread
  CHECK_FALSE(look(5, 1, seconds(9)));
  CHECK(look(5, 1, seconds(1)));
  CHECK_FALSE(look(0, 1, seconds(100)));  // nothing is awaited
  CHECK_FALSE(look(5, 1, seconds(9)));
}

TEST_CASE("Answers to one thread are a sign of life for all") {
  bench_stall stall(std::chrono::seconds(10));
  manual_clock time;
  for (std::uint64_t answers = 0; answers < 10; ++answers) {
    time.advance(std::chrono::seconds(9));
    bench_sample both{.in_flight = 1};
    both.add({.back = answers, .in_flight = 1});
    CHECK_FALSE(stall.is_at_hand(both, time.now()));
  }
}

TEST_CASE("A test by time measures what comes after its warm-up, until it is interrupted") {
  running_mock const m(mock_behaviour{.reply = mock_behaviour::answer::raw});
  auto plan = m.plan();
  plan.messages.reset();
  plan.warmup = plan.interval = std::chrono::milliseconds(2);
  plan.duration = std::chrono::hours(1);
  plan.cpu_of = {::getpid()};
  bool asked = false;
  bench_surroundings around;
  around.catch_signals = true;
  around.watch = [&asked](bench_second const& seen) {
    if (seen.measured && seen.answered != 0 && !std::exchange(asked, true)) std::raise(SIGINT);
  };
  auto const ended = run_bench(plan, around);
  REQUIRE(ended.has_value());
  auto const& report = *ended;
  CHECK(report.interrupted);
  CHECK(bench_text(plan, report).find("\ninterrupted\n") != std::string::npos);
  CHECK(report.seconds > 0);
  CHECK(report.seconds < 3600);
  CHECK(report.all.answered > 0);
  CHECK(report.all.answer_bytes == report.all.answered * plan.size);
  CHECK(report.all.latency_ns.count() == report.all.answered);
  CHECK(report.own_cpu_s > 0);
  CHECK(report.all.unanswered == 0);
  REQUIRE(report.cpu_s.size() == 1);
  CHECK(report.cpu_s.front().second.value_or(-1) >= 0);
}

TEST_CASE("Whoever interrupts a test while it warms up sees that nothing was measured") {
  strange_server const server([](net::peer&, std::string_view) { std::raise(SIGTERM); });
  auto plan = server.plan();
  plan.messages.reset();
  plan.connections = 1;
  plan.warmup = std::chrono::hours(1);
  auto const report = run_bench(plan, {.catch_signals = true});
  REQUIRE(report.has_value());
  CHECK(report->interrupted);
  CHECK(report->seconds == 0);
  CHECK(report->all.sent == 0);
  CHECK(report->all.unanswered == 0);
}

TEST_CASE("Error frames while a test warms up are told, and counted apart") {
  bool ended = false;
  strange_server const server([](net::peer& to, std::string_view) {
    to.send_message(wire::opcode::text, R"({"error":{"gw":1,"code":"QUEUE_FULL","service":"echo"}})");
  });
  auto plan = server.plan();
  plan.messages.reset();
  plan.connections = 1;
  plan.warmup = std::chrono::hours(1);
  plan.interval = std::chrono::milliseconds(1);
  bench_surroundings around;
  around.catch_signals = true;
  around.watch = [&ended](bench_second const& seen) {
    if (seen.errors_so_far != 0 && !std::exchange(ended, true)) std::raise(SIGINT);
  };
  auto const report = run_bench(plan, around);
  REQUIRE(report.has_value());
  CHECK(report->counts.errors.empty());
  CHECK(report->counts.warmup_errors.count("QUEUE_FULL") == 1);
  CHECK(bench_text(plan, *report).find("in warm-up  QUEUE_FULL: ") != std::string::npos);
  CHECK(nlohmann::json::parse(bench_json(plan, *report))["warmup_errors"]["QUEUE_FULL"] > 0);
}

TEST_CASE("Idle connections send one message each") {
  running_mock const m(mock_behaviour{.reply = mock_behaviour::answer::raw});
  auto plan = m.plan();
  plan.messages.reset();
  plan.idle = true;
  plan.in_flight = 7;
  plan.duration = std::chrono::milliseconds(20);
  auto const report = run(plan);
  CHECK(report.all.sent == 5);
  CHECK(report.all.answered == 5);
  CHECK(report.seconds >= 0.02);
}

TEST_CASE("A load test says why it cannot begin") {
  bench_plan plan;
  {
    running_mock const gone(mock_behaviour{});
    plan = gone.plan();
  }
  auto const unreachable = run_bench(plan);
  REQUIRE_FALSE(unreachable.has_value());
  CHECK(unreachable.error().code == errc::connect_failed);
  auto const at = fmt::format("127.0.0.1:{}", plan.targets.front().url.port);
  CHECK(unreachable.error().context ==
        fmt::format("no connection to {0} could be opened; cannot connect to {0}: Connection refused (5 times)", at));
  plan.targets.push_back(plan.targets.front());
  auto const both = run_bench(plan);
  REQUIRE_FALSE(both.has_value());
  CHECK(both.error().context ==
        fmt::format("no connection could be opened; {0}/: cannot connect to {0}: Connection refused (5 times)", at));
  plan.targets.pop_back();
  plan.cpu_of = {std::numeric_limits<pid_t>::max()};
  auto const nobody = run_bench(plan);
  REQUIRE_FALSE(nobody.has_value());
  CHECK(nobody.error().context.ends_with(": there is no such process"));
  plan.cpu_of.clear();
  plan.size = 10;
  auto const small = run_bench(plan);
  REQUIRE_FALSE(small.has_value());
  CHECK(small.error().code == errc::bad_usage);
  plan.size = 256;
  plan.services = {"order", "order"};
  auto const twice = run_bench(plan);
  REQUIRE_FALSE(twice.has_value());
  CHECK(twice.error().context == "'order' stands twice in --service");
  plan.services = {""};
  auto const nameless = run_bench(plan);
  REQUIRE_FALSE(nameless.has_value());
  CHECK(nameless.error().context == "--service '' names none");
}

TEST_CASE("An error frame counts for as many messages as it says") {
  // Two messages are told of, then three in one frame, as a gateway folds them.
  int n = 0;
  strange_server const server([&n](net::peer& to, std::string_view) {
    auto const frame = [](std::string_view more) {
      return fmt::format(
          R"({{"method":null,"status":1,"error":{{"gw":1,"code":"NO_ROUTE","service":"echo"{}}},"data":{{"repeated":9}}}})",
          more);
    };
    if (++n <= 2) to.send_message(wire::opcode::text, frame(""));
    if (n == 5) to.send_message(wire::opcode::text, frame(R"(,"seqFrom":3,"seqTo":5,"repeated":3)"));
  });
  auto plan = server.plan();
  plan.connections = 1;
  plan.in_flight = plan.messages.emplace(5);
  for (auto const* const pointer : {"", "/id"}) {
    n = 0;
    plan.match = pointer;
    plan.mix = {{.text = R"({"id":{n}})"}};
    auto const report = run(plan);
    CHECK(report.all.failed == 5);
    CHECK(report.counts.errors == error_counts{{"NO_ROUTE", 5}});
  }
}

TEST_CASE("A report in JSON is JSON and names its schema") {
  running_mock const m(mock_behaviour{.reply = mock_behaviour::answer::raw});
  auto const plan = m.plan();
  auto const json = nlohmann::json::parse(bench_json(plan, run(plan)));
  CHECK(json["schema"] == "wsgw.bench.v1");
  CHECK(json["messages_answered"] == 1000);
  CHECK(json["latency_us"]["p99"].get<double>() > 0);
  CHECK(json["errors"].empty());
}

TEST_CASE("CPU time of a process that does not exist is unknown") {
  CHECK_FALSE(cpu_seconds_of(-1).has_value());
  CHECK(cpu_seconds_of(::getpid()).value_or(0) > 0);
}
