// Custom rules: what a message costs that the URL rule has no answer to, and what rules cost the messages it answers.
#include "route/table.hpp"

#include <benchmark/benchmark.h>

#include <string>

using namespace gw;

namespace {

std::string message(std::string_view head, std::size_t size) {
  return std::string(head) + std::string(size - head.size() - 2, 'x') + "\"}";
}

/// Two rules that look at fields and miss, the third one captures its service.
route::table three_rules() {
  std::vector<config::rule> const rules = {
      {.id = "kind", .when = {.field = "/kind", .value = {.equals = "report"}}, .service = "order"},
      {.id = "tenant", .when = {.field = "/data/tenant", .value = {.prefix = "internal-"}}, .service = "billing"},
      {.id = "topic",
       .when = {.field = "/topic", .value = {.regex = R"(^(?P<service>[a-z]+)\.)"}},
       .service = "{service}"}};
  return route::table::make({}, {"order", "chat", "billing", "clock"}, rules).value();
}

void decide(benchmark::State& state, std::string_view head, route::table table) {
  auto const text = message(head, static_cast<std::size_t>(state.range(0)));
  route::circumstances const nobody;
  for (auto _ : state) benchmark::DoNotOptimize(table.decide(text, nobody));
  state.SetItemsProcessed(state.iterations());
}

void decide_by_third_rule(benchmark::State& state) {
  decide(state, R"({"topic":"chat.send","kind":"event","data":")", three_rules());
}
BENCHMARK(decide_by_third_rule)->Arg(256)->Arg(4096)->Arg(65536);

void decide_by_url_beside_rules(benchmark::State& state) {
  decide(state, R"({"method":"/api/v1/chat/send","data":")", three_rules());
}
BENCHMARK(decide_by_url_beside_rules)->Arg(256)->Arg(4096);

}  // namespace
