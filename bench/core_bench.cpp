// What a message touches of core/: a chunk for what must wait, and the figures that are kept of it.
#include "core/chunk_pool.hpp"
#include "core/histogram.hpp"

#include <benchmark/benchmark.h>

#include <array>
#include <cstdint>
#include <memory>
#include <utility>

using namespace gw;

namespace {

/// 32 blocks with room for so many bytes are taken and given back again and again, as by queues that fill and drain.
void take_and_give_back(benchmark::State& state) {
  chunk_pool pool;
  std::array<std::unique_ptr<chunk>, 32> taken;
  for (auto _ : state) {
    for (auto& block : taken) block = pool.take(static_cast<std::size_t>(state.range(0)));
    benchmark::DoNotOptimize(taken.data());
    for (auto& block : taken) pool.give_back(std::move(block));
  }
  state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(taken.size()));
}
BENCHMARK(take_and_give_back)->Name("core/chunk_pool/take_and_give_back")->Arg(256)->Arg(65536);

/// Latencies as a load test sees them: a microsecond to a quarter of a second.
std::uint64_t next_latency_ns(std::uint64_t& seed) {
  seed = seed * 6364136223846793005U + 1442695040888963407U;
  return 1'000 + (seed >> 36U);
}

void record(benchmark::State& state) {
  histogram of;
  std::uint64_t seed = 1;
  for (auto _ : state) of.record(next_latency_ns(seed));
  benchmark::DoNotOptimize(of.count());
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(record)->Name("core/histogram/record");

void percentile(benchmark::State& state) {
  histogram of;
  std::uint64_t seed = 1;
  for (int i = 0; i < 100'000; ++i) of.record(next_latency_ns(seed));
  for (auto _ : state) benchmark::DoNotOptimize(of.value_at_percentile(99.9));
}
BENCHMARK(percentile)->Name("core/histogram/percentile");

void record_in_bucket(benchmark::State& state) {
  constexpr std::array<std::uint64_t, 8> bounds = {1'000,     10'000,     100'000,    1'000'000,
                                                   4'000'000, 16'000'000, 64'000'000, 256'000'000};
  bucket_counts of(bounds);
  std::uint64_t seed = 1;
  for (auto _ : state) of.record(next_latency_ns(seed));
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(record_in_bucket)->Name("core/histogram/bucket_counts/record");

}  // namespace
