// From a message's text to its service: by the URL rule, by its memory, by custom rules.
#include "route/pattern.hpp"
#include "route/table.hpp"

#include <benchmark/benchmark.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

using namespace gw;

namespace {

std::string message(std::string_view head, std::size_t size) {
  return std::string(head) + std::string(size - head.size() - 2, 'x') + "\"}";
}

/// Decides on the messages, all of one size, in turn; each must find a service.
void decide(benchmark::State& state, std::vector<std::string> const& texts, route::table table) {
  route::circumstances const nobody;
  for (auto const& text : texts) {
    if (table.decide(text, nobody).verdict != route::route_verdict::routed) state.SkipWithError("no service was found");
  }
  std::size_t next = 0;
  for (auto _ : state) {
    benchmark::DoNotOptimize(table.decide(texts[next], nobody));
    if (++next == texts.size()) next = 0;
  }
  state.SetItemsProcessed(state.iterations());
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(texts.front().size()));
}

route::table four_services() {
  return route::table::make({}, {"order", "chat", "billing", "clock"}).value();
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

std::size_t size_of(benchmark::State const& state) {
  return static_cast<std::size_t>(state.range(0));
}

void by_url(benchmark::State& state) {
  decide(state, {message(R"({"method":"/api/v1/chat/send","data":")", size_of(state))}, four_services());
}
BENCHMARK(by_url)->Name("route/table/by_url")->Arg(256)->Arg(4096)->Arg(65536);

/// More different keys than the table remembers.
void by_url_never_alike(benchmark::State& state) {
  std::vector<std::string> texts;
  for (int i = 0; i < 4096; ++i) {
    texts.push_back(message(R"({"method":"/api/v1/order/)" + std::to_string(i * 7919) + R"(/items","data":")", 256));
  }
  decide(state, texts, four_services());
}
BENCHMARK(by_url_never_alike)->Name("route/table/by_url_never_alike");

void by_url_beside_rules(benchmark::State& state) {
  decide(state, {message(R"({"method":"/api/v1/chat/send","data":")", size_of(state))}, three_rules());
}
BENCHMARK(by_url_beside_rules)->Name("route/table/by_url_beside_rules")->Arg(256)->Arg(4096);

void by_third_rule(benchmark::State& state) {
  decide(state, {message(R"({"topic":"chat.send","kind":"event","data":")", size_of(state))}, three_rules());
}
BENCHMARK(by_third_rule)->Name("route/table/by_third_rule")->Arg(256)->Arg(4096)->Arg(65536);

void match(benchmark::State& state) {
  auto const compiled = std::get<route::pattern>(route::pattern::compile("/api/v{version}/{service}/{path:**}"));
  route::captures found;
  for (auto _ : state) {
    found.clear();
    benchmark::DoNotOptimize(compiled.match("/api/v1/chat/rooms/42/send", found));
  }
}
BENCHMARK(match)->Name("route/pattern/match");

}  // namespace
