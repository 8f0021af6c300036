// The pure functions that every message passes on its way through a worker, in both directions.
#include "wire/decoder.hpp"
#include "wire/frame.hpp"
#include "wire/json_head.hpp"
#include "wire/mask.hpp"
#include "wire/mask_keys.hpp"
#include "wire/relay.hpp"
#include "wire/utf8.hpp"

#include <benchmark/benchmark.h>

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

using namespace gw;

namespace {

constexpr wire::mask_key some_key{1, 2, 3, 4};
constexpr int batch_size = 32;

std::size_t size_of(benchmark::State const& state) {
  return static_cast<std::size_t>(state.range(0));
}

void count_bytes(benchmark::State& state, std::size_t bytes) {
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(bytes));
}

/// A message of that size between these two ends.
std::string padded(std::string_view front, std::size_t size, std::string_view back) {
  return std::string(front) + std::string(size - front.size() - back.size(), 'x') + std::string(back);
}

std::string usual_message(std::size_t size) {
  return padded(R"({"method":"/api/v1/chat/send","data":")", size, "\"}");
}

// --- mask ---

void mask_in_place(benchmark::State& state) {
  std::string bytes(size_of(state), 'x');
  for (auto _ : state) {
    wire::apply_mask(bytes, some_key);
    benchmark::DoNotOptimize(bytes.data());
  }
  count_bytes(state, bytes.size());
}
BENCHMARK(mask_in_place)->Name("wire/mask/in_place")->Arg(64)->Arg(256)->Arg(4096)->Arg(65536)->Arg(1 << 20);

void mask_copy(benchmark::State& state) {
  std::string const from(size_of(state), 'x');
  std::string to(from.size(), ' ');
  for (auto _ : state) {
    wire::mask_copy(to.data(), from, some_key);
    benchmark::DoNotOptimize(to.data());
  }
  count_bytes(state, from.size());
}
BENCHMARK(mask_copy)->Name("wire/mask/copy")->Arg(256)->Arg(65536);

void next_key(benchmark::State& state) {
  wire::mask_keys keys;
  for (auto _ : state) benchmark::DoNotOptimize(keys.next());
}
BENCHMARK(next_key)->Name("wire/mask_keys/next");

// --- decoder and relay: 32 frames that one read brought ---

std::string batch_of(wire::opcode op, std::string const& message, wire::mask_key const* key) {
  std::string batch;
  for (int i = 0; i < batch_size; ++i) batch += wire::make_frame(op, message, key);
  return batch;
}

/// Decodes the batch again and again; use(event) gets each message.
template <class Use>
void decode(benchmark::State& state, wire::role we_are, std::string batch, Use use) {
  wire::decoder decoder(we_are, 0);
  std::int64_t messages = 0;
  for (auto _ : state) {
    std::span<char> input = batch;
    for (auto e = decoder.next(input); e.what == wire::event::kind::message; e = decoder.next(input)) {
      use(e);
      ++messages;
    }
  }
  if (messages != state.iterations() * batch_size) state.SkipWithError("the decoder did not find every message");
  state.SetItemsProcessed(messages);
  count_bytes(state, batch.size());
}

/// Unmasks, but is not asked about UTF-8: what was unmasked in place is masked bytes to the next round.
void decode_from_client(benchmark::State& state) {
  decode(state, wire::role::server, batch_of(wire::opcode::binary, usual_message(size_of(state)), &some_key),
         [](wire::event const& e) { benchmark::DoNotOptimize(e.payload.data()); });
}
BENCHMARK(decode_from_client)->Name("wire/decoder/from_client_binary")->Arg(64)->Arg(256)->Arg(4096)->Arg(65536);

void decode_from_upstream(benchmark::State& state) {
  decode(state, wire::role::client, batch_of(wire::opcode::text, usual_message(size_of(state)), nullptr),
         [](wire::event const& e) { benchmark::DoNotOptimize(e.payload.data()); });
}
BENCHMARK(decode_from_upstream)->Name("wire/decoder/from_upstream_text")->Arg(64)->Arg(256)->Arg(4096)->Arg(65536);

/// Decoded, checked and turned into the frames for an upstream: all that a client's message costs but its route.
void relay_to_upstream(benchmark::State& state) {
  wire::mask_keys keys;
  decode(state, wire::role::server, batch_of(wire::opcode::text, usual_message(size_of(state)), &some_key),
         [&](wire::event const& e) { benchmark::DoNotOptimize(wire::remask_in_place(e, keys.next()).data()); });
}
BENCHMARK(relay_to_upstream)->Name("wire/relay/to_upstream")->Arg(64)->Arg(256)->Arg(4096)->Arg(65536);

/// A part of a large message as a frame of its own.
void frame_piece(benchmark::State& state) {
  std::string piece(size_of(state), 'x');
  for (auto _ : state) benchmark::DoNotOptimize(wire::frame_piece(piece, {.first = true}, &some_key));
  count_bytes(state, piece.size());
}
BENCHMARK(frame_piece)->Name("wire/relay/piece_to_upstream")->Arg(65536);

// --- utf8 ---

void check_utf8(benchmark::State& state, std::string_view letter) {
  std::string bytes;
  while (bytes.size() + letter.size() <= size_of(state)) bytes += letter;
  for (auto _ : state) benchmark::DoNotOptimize(wire::is_utf8(bytes));
  count_bytes(state, bytes.size());
}
void check_ascii(benchmark::State& state) {
  check_utf8(state, "x");
}
void check_cyrillic(benchmark::State& state) {
  check_utf8(state, "\xd0\xb6");
}
void check_chinese(benchmark::State& state) {
  check_utf8(state, "\xe4\xb8\xad");
}
BENCHMARK(check_ascii)->Name("wire/utf8/one_byte")->Arg(64)->Arg(256)->Arg(4096)->Arg(65536);
BENCHMARK(check_cyrillic)->Name("wire/utf8/two_bytes")->Arg(4096);
BENCHMARK(check_chinese)->Name("wire/utf8/three_bytes")->Arg(4096);

// --- json_head ---

void scan(benchmark::State& state, std::string const& text, wire::validation level) {
  wire::head_scanner scanner({.level = level});
  if (scanner.scan(text).verdict != wire::head_verdict::found) state.SkipWithError("the key was not found");
  for (auto _ : state) benchmark::DoNotOptimize(scanner.scan(text));
  count_bytes(state, text.size());
}

void key_first(benchmark::State& state) {
  scan(state, usual_message(size_of(state)), wire::validation::routing);
}
BENCHMARK(key_first)->Name("wire/json_head/key_first")->Arg(64)->Arg(256)->Arg(4096)->Arg(65536);

/// What stands before the key is read.
void key_last(benchmark::State& state) {
  scan(state, padded(R"({"data":")", size_of(state), R"(","method":"/api/v1/chat/send"})"), wire::validation::routing);
}
BENCHMARK(key_last)->Name("wire/json_head/key_last")->Arg(256)->Arg(4096)->Arg(65536);

/// Small values in arrays and objects: the dear kind of JSON.
std::string nested_message(std::size_t size) {
  std::string text = R"({"method":"/api/v1/chat/send","data":[{"n":0}])";
  while (text.size() + 24 < size) text.insert(text.size() - 1, R"(,{"n":[1,2.5,"x",true]})");
  return text + '}';
}
void nested_structure(benchmark::State& state) {
  scan(state, nested_message(size_of(state)), wire::validation::structure);
}
void nested_grammar(benchmark::State& state) {
  scan(state, nested_message(size_of(state)), wire::validation::grammar);
}
BENCHMARK(nested_structure)->Name("wire/json_head/nested_structure")->Arg(256)->Arg(4096)->Arg(65536);
BENCHMARK(nested_grammar)->Name("wire/json_head/nested_grammar")->Arg(256)->Arg(4096)->Arg(65536);

}  // namespace
