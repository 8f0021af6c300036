#include "tools/bench_report.hpp"

#include "testing/catch.hpp"

#include <string>
#include <string_view>

using namespace gw;
using namespace gw::tools;

namespace {

struct measured {
  bench_plan plan{};
  bench_report report{};
};

/// Two services, one of them with a name that every form has to quote.
measured two_services() {
  measured m;
  m.plan.services = {"order", "a,\"<b>&"};
  m.report.seconds = 2;
  m.report.counts = bench_counts(2);
  auto& first = m.report.counts.services[0];
  first.sent = 10;
  first.answered = 8;
  first.failed = 2;
  first.latency_ns.record_n(1'000, 8);
  first.pushed = 3;
  first.push_ns.record_n(5'000, 2);
  first.push_ns.record(9'000);
  auto& second = m.report.counts.services[1];
  second.sent = second.answered = 2;
  second.latency_ns.record_n(2'000, 2);
  m.report.counts.errors["<NO_ROUTE>"] = 2;
  for (auto const& one : m.report.counts.services) m.report.all.add(one);
  m.report.timeline = {{.from_s = 0, .to_s = 1, .measured = true, .answered = 6, .p50_ns = 1'000, .p99_ns = 2'000},
                       {.from_s = 1, .to_s = 2, .measured = true, .answered = 4, .p50_ns = 1'000, .p99_ns = 2'000}};
  return m;
}

std::size_t times(std::string_view what, std::string_view in) {
  std::size_t count = 0;
  for (auto at = in.find(what); at != in.npos; at = in.find(what, at + 1)) ++count;
  return count;
}

}  // namespace

TEST_CASE("A distribution is printed to the letter as HdrHistogram prints it, and then its unit") {
  histogram of_ns;
  for (std::uint64_t i = 1; i <= 20; ++i) of_ns.record(i * 100);
  of_ns.record(2047);
  // Written by hdr-histogram-js 3.0.1 of the same values: outputPercentileDistribution(5, 1000).
  CHECK(hgrm_text(of_ns) == R"(       Value     Percentile TotalCount 1/(1-Percentile)

       0.100 0.000000000000          1           1.00
       0.300 0.100000000000          3           1.11
       0.500 0.200000000000          5           1.25
       0.700 0.300000000000          7           1.43
       0.900 0.400000000000          9           1.67
       1.100 0.500000000000         11           2.00
       1.200 0.550000000000         12           2.22
       1.300 0.600000000000         13           2.50
       1.400 0.650000000000         14           2.86
       1.500 0.700000000000         15           3.33
       1.600 0.750000000000         16           4.00
       1.700 0.775000000000         17           4.44
       1.700 0.800000000000         17           5.00
       1.800 0.825000000000         18           5.71
       1.800 0.850000000000         18           6.67
       1.900 0.875000000000         19           8.00
       1.900 0.887500000000         19           8.89
       1.900 0.900000000000         19          10.00
       2.000 0.912500000000         20          11.43
       2.000 0.925000000000         20          13.33
       2.000 0.937500000000         20          16.00
       2.000 0.943750000000         20          17.78
       2.000 0.950000000000         20          20.00
       2.047 0.956250000000         21          22.86
       2.047 1.000000000000         21
#[Mean    =        1.097, StdDeviation   =        0.601]
#[Max     =        2.047, Total count    =           21]
#[Buckets =           31, SubBuckets     =         2048]
#[Values are microseconds]
)");
  CHECK(hgrm_text(histogram()).find("Total count    =            0]") != std::string::npos);
}

TEST_CASE("CSV has a row for each service and one for all") {
  auto const m = two_services();
  CHECK(bench_csv(m.plan, m.report) ==
        "service,sent,answered,failed,unanswered,messages_per_s,p50_us,p90_us,p99_us,p999_us,max_us,mean_us,"
        "pushed,push_p50_us,push_p99_us,push_max_us\n"
        "order,10,8,2,0,4.0,1.0,1.0,1.0,1.0,1.0,1.0,3,5.0,9.0,9.0\n"
        "\"a,\"\"<b>&\",2,2,0,0,1.0,2.0,2.0,2.0,2.0,2.0,2.0,0,0.0,0.0,0.0\n"
        "total,12,10,2,0,5.0,1.0,2.0,2.0,2.0,2.0,1.2,3,5.0,9.0,9.0\n");
}

TEST_CASE("A page holds its plots and the figures, quoted, and asks for nothing from elsewhere") {
  auto const m = two_services();
  auto const page = bench_html(m.plan, m.report);
  CHECK(page.starts_with("<!doctype html>"));
  CHECK(times("<svg", page) == 3);
  CHECK(page.find("a,&quot;&lt;b&gt;&amp;") != std::string::npos);
  CHECK(page.find("&lt;NO_ROUTE&gt;") != std::string::npos);
  CHECK(page.find("<b>") == std::string::npos);
  for (auto const* const outside : {"http:", "https:", "src=", "href=", "@import", "url("}) {
    CAPTURE(outside);
    CHECK(page.find(outside) == std::string::npos);
  }
  for (auto const* const nonsense : {"Mnan", "Lnan", " nan", ">nan", "\"nan", "inf"}) {
    CAPTURE(nonsense);
    CHECK(page.find(nonsense) == std::string::npos);
  }
}

TEST_CASE("A page of a run without an answer has no plots and no nonsense") {
  auto const page = bench_html({}, bench_report{.counts = bench_counts(1)});
  CHECK(times("<svg", page) == 0);
  CHECK(page.find(">nan") == std::string::npos);
}

TEST_CASE("A second is told on one line") {
  bench_second const s{.from_s = 3,
                       .to_s = 4,
                       .measured = true,
                       .answered = 5000,
                       .errors_so_far = 7,
                       .skipped = 3,
                       .in_flight = 12,
                       .open = 100,
                       .p50_ns = 210'000,
                       .p99_ns = 1'250'000};
  CHECK(second_text(s) == "4 s   5000 /s   12 in flight   p50 210us   p99 1.25ms   7 errors   3 skipped");
  CHECK(second_text({.errors_so_far = 3, .open = 40}) == "warming up   40 connections   0 in flight   3 errors");
}
