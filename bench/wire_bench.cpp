// The pure functions that every message passes: frame decoder, masking, UTF-8, head scanner, routing table.
#include "route/table.hpp"
#include "wire/decoder.hpp"
#include "wire/frame.hpp"
#include "wire/json_head.hpp"
#include "wire/mask.hpp"
#include "wire/mask_keys.hpp"
#include "wire/relay.hpp"
#include "wire/utf8.hpp"

#include <benchmark/benchmark.h>

#include <string>

using namespace gw;

namespace {

std::string message(std::size_t size) {
  std::string const head = R"({"method":"/api/v1/chat/send","data":")";
  return head + std::string(size - head.size() - 2, 'x') + "\"}";
}

/// 32 masked frames in one buffer, decoded and turned into the frames for an upstream.
void relay_batch(benchmark::State& state) {
  auto const size = static_cast<std::size_t>(state.range(0));
  wire::mask_key const key{1, 2, 3, 4};
  std::string batch;
  for (int i = 0; i < 32; ++i) batch += wire::make_frame(wire::opcode::text, message(size), &key);
  wire::mask_keys keys;
  wire::decoder decoder(wire::role::server, 0);
  for (auto _ : state) {
    std::span<char> input = batch;
    for (;;) {
      auto const e = decoder.next(input);
      if (e.what != wire::event::kind::message) break;
      benchmark::DoNotOptimize(wire::remask_in_place(e, keys.next()).data());
    }
  }
  state.SetItemsProcessed(state.iterations() * 32);
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(batch.size()));
}
BENCHMARK(relay_batch)->Arg(64)->Arg(256)->Arg(4096);

void apply_mask(benchmark::State& state) {
  std::string bytes(static_cast<std::size_t>(state.range(0)), 'x');
  for (auto _ : state) {
    wire::apply_mask(bytes, {1, 2, 3, 4});
    benchmark::DoNotOptimize(bytes.data());
  }
  state.SetBytesProcessed(state.iterations() * state.range(0));
}
BENCHMARK(apply_mask)->Arg(256)->Arg(4096)->Arg(65536);

void check_utf8(benchmark::State& state) {
  std::string const bytes(static_cast<std::size_t>(state.range(0)), 'x');
  for (auto _ : state) benchmark::DoNotOptimize(wire::is_utf8(bytes));
  state.SetBytesProcessed(state.iterations() * state.range(0));
}
BENCHMARK(check_utf8)->Arg(256)->Arg(65536);

void scan_head(benchmark::State& state) {
  auto const text = message(static_cast<std::size_t>(state.range(0)));
  wire::head_scanner scanner({});
  for (auto _ : state) benchmark::DoNotOptimize(scanner.scan(text));
  state.SetBytesProcessed(state.iterations() * state.range(0));
}
BENCHMARK(scan_head)->Arg(64)->Arg(256)->Arg(4096)->Arg(65536);

void decide(benchmark::State& state) {
  auto const text = message(static_cast<std::size_t>(state.range(0)));
  auto table = *route::table::make({}, {"order", "chat", "billing", "clock"});
  for (auto _ : state) benchmark::DoNotOptimize(table.decide(text, {}));
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(decide)->Arg(256)->Arg(4096);

}  // namespace
