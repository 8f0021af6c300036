// What a dial asks of the cluster: a pick of every policy, with and without the pool around it, and the owner of a key.
#include "cluster/balancer.hpp"
#include "cluster/hash.hpp"
#include "cluster/pool.hpp"
#include "cluster/registry.hpp"
#include "cluster/rendezvous.hpp"

#include <benchmark/benchmark.h>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

using namespace gw;

namespace {

constexpr std::size_t workers = 2;

std::size_t weight_of(std::size_t index) {
  return 1 + index % 4;
}

/// Candidates that are busy, have been measured, and differ in weight; with what they point at.
struct field {
  std::deque<cluster::instance_load> loads;
  std::deque<cluster::latency_estimate> latencies;
  std::vector<cluster::candidate> candidates;

  explicit field(std::size_t count) {
    for (std::size_t i = 0; i < count; ++i) {
      loads.emplace_back(workers).add(0, static_cast<int>(i * 7 % 13));
      latencies.emplace_back().observe(std::chrono::milliseconds(1 + i % 5), time_point());
      auto& c = candidates.emplace_back();
      c.index = i;
      c.weight = weight_of(i);
      c.id = cluster::instance_id{i + 1};
      c.address_hash = cluster::hash_of("10.0.0." + std::to_string(i) + ":9001");
      c.load = &loads.back();
      c.latency = &latencies.back();
    }
  }
};

void pick(benchmark::State& state, cluster::balancer_kind const& kind) {
  field const all(static_cast<std::size_t>(state.range(0)));
  auto const policy = kind.make(1);
  std::uint64_t key = 0;
  auto const now = time_point() + std::chrono::seconds(1);
  for (auto _ : state) {
    benchmark::DoNotOptimize(policy->pick(all.candidates, ++key * 0x9e3779b97f4a7c15U, now));
  }
}

std::shared_ptr<cluster::registry const> snapshot(std::size_t count) {
  config::service s{.name = "a"};
  for (std::size_t i = 0; i < count; ++i) {
    auto const ip = "10.0." + std::to_string(i / 256) + "." + std::to_string(i % 256);
    s.instances.push_back({.host = ip, .port = 9001, .weight = weight_of(i)});
  }
  return cluster::registry::make(cluster::located(std::span(&s, 1)), workers);
}

void choose(benchmark::State& state, cluster::balancer_kind const& kind) {
  cluster::pool pool(kind.make(1), {}, {}, 1);
  pool.update(snapshot(static_cast<std::size_t>(state.range(0))), 0, time_point());
  cluster::wish asked;
  std::uint64_t key = 0;
  for (auto _ : state) {
    asked.key = key += 0x9e3779b97f4a7c15U;
    benchmark::DoNotOptimize(pool.choose(asked, time_point() + std::chrono::seconds(1)));
  }
}

/// All of one weight: no logarithms.
void rendezvous_of_equals(benchmark::State& state) {
  field all(static_cast<std::size_t>(state.range(0)));
  for (auto& c : all.candidates) c.weight = 1;
  std::uint64_t key = 0;
  for (auto _ : state) benchmark::DoNotOptimize(cluster::rendezvous(all.candidates, ++key * 0x9e3779b97f4a7c15U));
}
BENCHMARK(rendezvous_of_equals)->Name("cluster/rendezvous/of_equals")->Arg(16)->Arg(1'000);

void owner_of_key(benchmark::State& state) {
  cluster::pool pool(cluster::balancer_kinds().front().make(1), {}, {}, 1);
  pool.update(snapshot(static_cast<std::size_t>(state.range(0))), 0, time_point());
  std::uint64_t key = 0;
  for (auto _ : state) {
    key += 0x9e3779b97f4a7c15U;
    benchmark::DoNotOptimize(pool.for_key(key, time_point() + std::chrono::seconds(1)));
  }
}
BENCHMARK(owner_of_key)->Name("cluster/pool/owner_of_key")->Arg(16)->Arg(1'000);

void hash_key(benchmark::State& state) {
  std::string const key(static_cast<std::size_t>(state.range(0)), 'k');
  for (auto _ : state) benchmark::DoNotOptimize(cluster::hash_of(key));
  state.SetBytesProcessed(state.iterations() * state.range(0));
}
BENCHMARK(hash_key)->Name("cluster/hash/of_key")->Arg(16)->Arg(256);

/// Every policy of the table, so that a new one is measured too.
bool const registered = [] {
  for (auto const& kind : cluster::balancer_kinds()) {
    std::string const name(kind.name);
    for (auto const size : {16, 1'000}) {
      benchmark::RegisterBenchmark(("cluster/balancer/pick/" + name).c_str(), pick, kind)->Arg(size);
      benchmark::RegisterBenchmark(("cluster/pool/choose/" + name).c_str(), choose, kind)->Arg(size);
    }
  }
  return true;
}();

}  // namespace
