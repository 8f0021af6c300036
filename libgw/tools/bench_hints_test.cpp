#include "tools/bench_hints.hpp"

#include "testing/catch.hpp"

using namespace gw::tools;

namespace {

using texts = std::vector<std::string>;

}  // namespace

TEST_CASE("What a plan holds in vain is told before the run") {
  bench_plan plan;
  CHECK(hints_of(plan).empty());
  plan.services = {"a", "b"};
  CHECK(hints_of(plan).empty());  // the usual message names its service
  plan.mix = {{.text = "hello"}};
  plan.rows = *csv_table::parse("user\nann\n");
  CHECK(hints_of(plan) == texts{"--service names several, but no -m holds {service}: each gets the same messages",
                                "--csv is not used: neither -m nor -H holds {csv:COLUMN} or {next:COLUMN}"});
  plan.rows = {};
  plan.services = {"a"};
  plan.connections = 1;
  plan.targets.resize(3);
  CHECK(hints_of(plan) == texts{"of 3 URLs only the first 1 is used: there are no more connections"});
  plan.connections = 3;
  CHECK(hints_of(plan).empty());
  plan.services = {"a", "b"};
  plan.rows = *csv_table::parse("user\nann\n");
  plan.mix.push_back({.text = "{service}"});
  plan.targets = {{.url = {}, .fields = {{"Cookie", "{csv:user}"}}, .origin = {}, .protocols = {}}};
  CHECK(hints_of(plan).empty());
}

TEST_CASE("Why nothing but one error came back is guessed behind the run") {
  bench_plan plan;
  bench_report report;
  CHECK(hints_of(plan, report).empty());
  report.all.failed = 3;
  report.counts.errors["NO_ROUTE"] = 3;
  CHECK(hints_of(plan, report) ==
        texts{"the gateway has no service 'echo': name one of its own with --service, or give a message with -m"});
  plan.mix = {{.text = "hello"}};
  CHECK(hints_of(plan, report) == texts{"the gateway has no route for the message of -m: see 'wsgw route test'"});
  report.counts.errors = {{"NO_INSTANCE", 3}};
  CHECK(hints_of(plan, report) == texts{"the gateway knows the service, but no instance of it is healthy"});
  report.all.answered = 1;
  CHECK(hints_of(plan, report).empty());
}

TEST_CASE("A pointer to the time of pushes that finds none is told") {
  bench_plan plan;
  plan.push = "/at";
  bench_report report;
  CHECK(hints_of(plan, report) == texts{"--push /at: no message held a time in microseconds there"});
  report.counts.saw_push_stamp = true;
  CHECK(hints_of(plan, report).empty());
}
