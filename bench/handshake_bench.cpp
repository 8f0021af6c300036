// What a connection costs before its first message: the judgement of its request head and the answer to it.
// And what a fault costs: the error frame that tells of it.
#include "wire/correlation.hpp"
#include "wire/error_frame.hpp"
#include "wire/strict_head.hpp"
#include "wire/upgrade.hpp"

#include <benchmark/benchmark.h>

#include <cstdint>
#include <string_view>

using namespace gw;

namespace {

/// As a browser sends it.
constexpr std::string_view request =
    "GET /ws?room=42 HTTP/1.1\r\nHost: chat.example.com\r\nConnection: Upgrade\r\nPragma: no-cache\r\n"
    "Cache-Control: no-cache\r\nUser-Agent: Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) "
    "Chrome/126.0.0.0 Safari/537.36\r\nUpgrade: websocket\r\nOrigin: https://chat.example.com\r\n"
    "Sec-WebSocket-Version: 13\r\nAccept-Encoding: gzip, deflate, br\r\nAccept-Language: en-US,en;q=0.9\r\n"
    "Cookie: session=0123456789abcdef0123456789abcdef\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
    "Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits\r\n\r\n";

void judge_request(benchmark::State& state) {
  if (!wire::judge_request(request)) state.SkipWithError("the request was refused");
  for (auto _ : state) benchmark::DoNotOptimize(wire::judge_request(request));
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(request.size()));
}
BENCHMARK(judge_request)->Name("wire/strict_head/judge_request");

void judge_upgrade(benchmark::State& state) {
  auto const head = wire::judge_request(request);
  if (!head || !wire::judge_upgrade(*head)) {
    state.SkipWithError("the request was refused");
    return;
  }
  for (auto _ : state) benchmark::DoNotOptimize(wire::judge_upgrade(*head));
}
BENCHMARK(judge_upgrade)->Name("wire/upgrade/judge_upgrade");

void accept_key(benchmark::State& state) {
  for (auto _ : state) benchmark::DoNotOptimize(wire::accept_key("dGhlIHNhbXBsZSBub25jZQ=="));
}
BENCHMARK(accept_key)->Name("wire/upgrade/accept_key");

void error_frame(benchmark::State& state) {
  constexpr std::string_view message = R"({"method":"/api/v1/chat/send","id":42,"data":{"text":"hello"}})";
  wire::error_facts facts;
  facts.code = errc::no_route;
  facts.message = "no service is called 'chat'";
  facts.stage = "route";
  facts.method = "/api/v1/chat/send";
  facts.service = "chat";
  facts.seq = 7;
  for (auto _ : state) {
    facts.data = wire::find_correlation(message);
    benchmark::DoNotOptimize(wire::make_error_frame(facts));
  }
}
BENCHMARK(error_frame)->Name("wire/error_frame/make");

}  // namespace
