// What permessage-deflate costs for a message: out, as a gateway compresses it, and in.
#include "wire/deflate.hpp"

#include <benchmark/benchmark.h>

#include <array>
#include <cstdint>
#include <random>
#include <string>
#include <string_view>

using namespace gw;

namespace {

/// Lines of a chat: the same members again and again, and words that come now and then.
std::string chat_message(std::size_t size) {
  constexpr std::array<std::string_view, 24> words = {
      "the",    "order",  "has",      "not",   "come",   "yet", "who",   "can", "look", "after", "it",  "today",
      "thanks", "please", "tomorrow", "again", "number", "is",  "wrong", "and", "we",   "wait",  "for", "you"};
  std::mt19937 dice(7);
  std::string text = R"({"method":"/api/v1/chat/send","data":[)";
  for (std::uint64_t id = 4711; text.size() < size; ++id) {
    text += R"({"id":)" + std::to_string(id) + R"(,"from":"user-)" + std::to_string(dice() % 100) + R"(","text":")";
    for (int i = 0; i < 8; ++i) text.append(words[dice() % words.size()]).append(1, ' ');
    text += R"("},)";
  }
  text.resize(size - 3);
  return text + "\"}]";
}

std::string message_for(benchmark::State const& state) {
  return chat_message(static_cast<std::size_t>(state.range(0)));
}

void deflate(benchmark::State& state) {
  auto const text = message_for(state);
  wire::deflater by;
  if (by.deflate(wire::opcode::text, text, nullptr).empty()) state.SkipWithError("it did not become smaller");
  for (auto _ : state) {
    benchmark::DoNotOptimize(by.deflate(wire::opcode::text, text, nullptr).data());
    by.rest();
  }
  state.SetBytesProcessed(state.iterations() * state.range(0));
}
BENCHMARK(deflate)->Name("wire/deflate/deflate")->Arg(256)->Arg(16384);

void inflate(benchmark::State& state) {
  auto const text = message_for(state);
  wire::deflater by;
  auto const frame = by.deflate(wire::opcode::text, text, nullptr);
  wire::frame_header header;
  if (!wire::parse_header(frame, header)) return state.SkipWithError("it did not become smaller");
  auto const compressed = frame.substr(header.size);
  wire::inflater back(wire::role::server);
  auto const inflated = back.inflate(wire::opcode::text, compressed, text.size());
  if (std::string_view(inflated.payload.data(), inflated.payload.size()) != text) {
    return state.SkipWithError("it did not come back as it was");
  }
  for (auto _ : state) {
    benchmark::DoNotOptimize(back.inflate(wire::opcode::text, compressed, text.size()).payload.data());
    back.rest();
  }
  state.SetBytesProcessed(state.iterations() * state.range(0));
}
BENCHMARK(inflate)->Name("wire/deflate/inflate")->Arg(256)->Arg(16384);

}  // namespace
