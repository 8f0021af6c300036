#include "tools/bench_threshold.hpp"

#include "testing/catch.hpp"

using namespace gw;
using namespace gw::tools;

namespace {

/// p50 10 ms, p99 and max 30 ms, 100 answered in 2 s, 1 failed, 4 unanswered, 7 skipped.
bench_report some_report() {
  bench_report r;
  r.seconds = 2;
  r.all.answered = 95;
  r.all.failed = 1;
  r.all.unanswered = 4;
  r.all.latency_ns.record_n(10'000'000, 90);
  r.all.latency_ns.record_n(30'000'000, 5);
  r.counts.errors["NO_ROUTE"] = 1;
  r.counts.skipped = 7;
  return r;
}

void check(std::string_view text, std::string_view expected) {
  CAPTURE(text);
  auto const made = bench_threshold::parse(text);
  REQUIRE(made.has_value());
  CHECK(made->holds_for(some_report()).value_or("no") == expected);
}

void check_fault(std::string_view text, std::string_view expected) {
  CAPTURE(text);
  auto const made = bench_threshold::parse(text);
  REQUIRE_FALSE(made.has_value());
  CHECK(made.error().code == errc::bad_usage);
  CHECK(made.error().context == expected);
}

}  // namespace

TEST_CASE("A condition that holds names the figure and what it is") {
  check("p99>20ms", "p99>20ms: p99 is 30ms");
  check("p99 > 20 ms", "p99>20ms: p99 is 30ms");
  check("p50<1s", "p50<1s: p50 is 10ms");
  check("max>500us", "max>500us: max is 30ms");
  check("mean>11ms", "mean>11ms: mean is 11.05ms");
  check("rate<48/s", "rate<48/s: rate is 47.5/s");
  check("errors>4", "errors>4: errors is 5");
  check("error_rate>4.9%", "error_rate>4.9%: error_rate is 5%");
  check("unanswered>=4", "unanswered>=4: unanswered is 4");
  check("skipped>0", "skipped>0: skipped is 7");
}

TEST_CASE("A condition that does not hold says nothing") {
  check("p99>30.1ms", "no");
  check("p999>1s", "no");
  check("p90<=9ms", "no");
  check("rate<47.5/s", "no");
  check("errors>5", "no");
  check("error_rate>5%", "no");
  check("unanswered>4", "no");
}

TEST_CASE("What is no condition is told with what to write") {
  check_fault("p99", "'p99' is no condition; write 'p99>20ms'");
  check_fault("p98>1ms", "'p98' is no figure; did you mean 'p90'?");
  check_fault("latency>1ms",
              "'latency' is no figure; write one of p50, p90, p99, p999, max, mean, rate, errors, error_rate, "
              "unanswered, skipped");
  check_fault("p99>20", "'p99>20': '20' is no value of p99; write '20ms'");
  check_fault("p99>-1ms", "'p99>-1ms': '-1ms' is no value of p99; write '20ms'");
  check_fault("p99>nanms", "'p99>nanms': 'nanms' is no value of p99; write '20ms'");
  check_fault("rate<5000", "'rate<5000': '5000' is no value of rate; write '5000/s'");
  check_fault("error_rate>1", "'error_rate>1': '1' is no value of error_rate; write '0.1%'");
  check_fault("errors>1%", "'errors>1%': '1%' is no value of errors; write '10'");
  check_fault("errors==1", "'errors==1' is no condition; write 'p99>20ms'");
}
