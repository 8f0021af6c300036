#include "core/exposition.hpp"

#include <limits>
#include <string>

#include "testing/catch.hpp"

using gw::exposition;
using gw::metric_type;

TEST_CASE("a family is introduced by its help and type, samples follow") {
  exposition page;
  page.family("wsgw_messages_total", "Messages forwarded.", metric_type::counter);
  page.sample("wsgw_messages_total", {{"service", "chat"}, {"direction", "up"}}, std::uint64_t{42});
  page.sample("wsgw_messages_total", {{"service", "chat"}, {"direction", "down"}}, 7);
  page.family("wsgw_sessions", "Sessions now.", metric_type::gauge);
  page.sample("wsgw_sessions", {}, 3U);
  CHECK(page.take() ==
        "# HELP wsgw_messages_total Messages forwarded.\n"
        "# TYPE wsgw_messages_total counter\n"
        "wsgw_messages_total{service=\"chat\",direction=\"up\"} 42\n"
        "wsgw_messages_total{service=\"chat\",direction=\"down\"} 7\n"
        "# HELP wsgw_sessions Sessions now.\n"
        "# TYPE wsgw_sessions gauge\n"
        "wsgw_sessions 3\n");
}

TEST_CASE("help and label values are escaped, each by its own rule") {
  exposition page;
  page.family("m", "a \"quoted\" C:\\path\nsecond line", metric_type::gauge);
  page.sample("m", {{"l", "a \"quoted\" C:\\path\nsecond line"}, {"empty", ""}, {"utf8", "gr\xc3\xbcn"}}, 1);
  CHECK(page.take() ==
        "# HELP m a \"quoted\" C:\\\\path\\nsecond line\n"
        "# TYPE m gauge\n"
        "m{l=\"a \\\"quoted\\\" C:\\\\path\\nsecond line\",empty=\"\",utf8=\"gr\xc3\xbcn\"} 1\n");
}

TEST_CASE("numbers are printed exactly") {
  auto const check = [](auto value, std::string const& expectation) {
    exposition page;
    page.sample("m", {}, value);
    CHECK(page.take() == "m " + expectation + "\n");
  };
  check(std::numeric_limits<std::uint64_t>::max(), "18446744073709551615");
  check(std::numeric_limits<std::int64_t>::min(), "-9223372036854775808");
  check(true, "1");
  check(0.1, "0.1");
  check(3.0, "3");
  check(1.0 / 3.0, "0.3333333333333333");
  check(1763780400.123, "1763780400.123");
  check(std::numeric_limits<double>::infinity(), "+Inf");
  check(-std::numeric_limits<double>::infinity(), "-Inf");
  check(std::numeric_limits<double>::quiet_NaN(), "NaN");
}

TEST_CASE("a histogram has cumulative buckets in the base unit, a sum and a count") {
  static constexpr std::uint64_t bounds[] = {50'000, 1'000'000, 300'000'000, 5'000'000'000};
  gw::bucket_counts counts(bounds);
  for (std::uint64_t const ns : {40'000U, 50'000U, 700'000U, 2'000'000U}) counts.record(ns);
  counts.record(6'000'000'000);
  gw::bucket_counts::totals all;
  counts.add_to(all);
  exposition page;
  page.family("wsgw_ping_rtt_seconds", "Round trip of a ping.", metric_type::histogram);
  page.histogram("wsgw_ping_rtt_seconds", {{"side", "client"}}, counts.bounds(), all, 1e9);
  page.histogram("wsgw_ping_rtt_seconds", {}, counts.bounds(), all, 1e9);
  CHECK(page.take() ==
        "# HELP wsgw_ping_rtt_seconds Round trip of a ping.\n"
        "# TYPE wsgw_ping_rtt_seconds histogram\n"
        "wsgw_ping_rtt_seconds_bucket{side=\"client\",le=\"5e-05\"} 2\n"
        "wsgw_ping_rtt_seconds_bucket{side=\"client\",le=\"0.001\"} 3\n"
        "wsgw_ping_rtt_seconds_bucket{side=\"client\",le=\"0.3\"} 4\n"
        "wsgw_ping_rtt_seconds_bucket{side=\"client\",le=\"5\"} 4\n"
        "wsgw_ping_rtt_seconds_bucket{side=\"client\",le=\"+Inf\"} 5\n"
        "wsgw_ping_rtt_seconds_sum{side=\"client\"} 6.00279\n"
        "wsgw_ping_rtt_seconds_count{side=\"client\"} 5\n"
        "wsgw_ping_rtt_seconds_bucket{le=\"5e-05\"} 2\n"
        "wsgw_ping_rtt_seconds_bucket{le=\"0.001\"} 3\n"
        "wsgw_ping_rtt_seconds_bucket{le=\"0.3\"} 4\n"
        "wsgw_ping_rtt_seconds_bucket{le=\"5\"} 4\n"
        "wsgw_ping_rtt_seconds_bucket{le=\"+Inf\"} 5\n"
        "wsgw_ping_rtt_seconds_sum 6.00279\n"
        "wsgw_ping_rtt_seconds_count 5\n");
}

TEST_CASE("take leaves an empty page behind") {
  exposition page;
  page.sample("m", {}, 1);
  CHECK(page.take() == "m 1\n");
  CHECK(page.take().empty());
}
