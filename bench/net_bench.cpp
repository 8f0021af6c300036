// What a turn of the loop does whatever its sockets say: the queue of what they did not take, the timer wheel, and a
// poll that finds nothing. And what copying costs by where the bytes lie.
#include "net/poller.hpp"
#include "net/send_queue.hpp"
#include "net/timer_wheel.hpp"

#include <benchmark/benchmark.h>
#include <boost/asio/io_context.hpp>

#include <sys/eventfd.h>

#include <array>
#include <chrono>
#include <cstdint>
#include <deque>
#include <memory>
#include <span>
#include <string>

using namespace gw;
using namespace std::chrono_literals;

namespace {

/// A turn's output: 32 messages are appended with their marks, gathered for one send, and sent.
void queue_and_send(benchmark::State& state) {
  std::string const frame(static_cast<std::size_t>(state.range(0)), 'x');
  chunk_pool pool;
  net::send_queue queue(pool);
  std::uint64_t seq = 0;
  for (auto _ : state) {
    for (int i = 0; i < 32; ++i) {
      queue.begin_message(++seq, frame.size());
      queue.append(frame);
    }
    std::array<iovec, 64> parts;
    benchmark::DoNotOptimize(queue.gather(parts));
    benchmark::DoNotOptimize(parts);
    queue.sent(queue.size());
  }
  state.SetItemsProcessed(state.iterations() * 32);
  state.SetBytesProcessed(state.iterations() * 32 * state.range(0));
}
BENCHMARK(queue_and_send)->Name("net/send_queue/32_messages")->Arg(64)->Arg(256)->Arg(4096)->Arg(65536);

constexpr auto ping_interval = 25s;

/// The timer of a session that is pinged now and then.
struct pinged_session {
  explicit pinged_session(net::timer_wheel& wheel) : next_ping(wheel, ping, this) {}
  static void ping(void* self) { static_cast<pinged_session*>(self)->next_ping.start(ping_interval); }

  net::timer next_ping;
};

/// A worker's wheel with the timers of so many sessions.
struct worker_of_sessions {
  explicit worker_of_sessions(std::int64_t count) {
    for (std::int64_t i = 0; i < count; ++i) {
      sessions.emplace_back(wheel).next_ping.start(ping_interval * i / count);
    }
  }

  boost::asio::io_context io{1};
  manual_clock time;
  net::timer_wheel wheel{io.get_executor(), time};
  std::deque<pinged_session> sessions;  // a timer must not move
};

/// A deadline that is met.
void start_and_stop(benchmark::State& state) {
  worker_of_sessions worker(state.range(0));
  net::timer deadline(
      worker.wheel, [](void*) {}, nullptr);
  for (auto _ : state) {
    deadline.start(10s);
    deadline.stop();
  }
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(start_and_stop)->Name("net/timer_wheel/start_and_stop")->Arg(0)->Arg(10'000);

/// A tick of time, at which a few of the timers are due.
void advance_a_tick(benchmark::State& state) {
  worker_of_sessions worker(state.range(0));
  for (auto _ : state) {
    worker.time.advance(net::timer_wheel::tick);
    worker.wheel.advance();
  }
}
BENCHMARK(advance_a_tick)->Name("net/timer_wheel/advance")->Arg(0)->Arg(10'000);

/// Never has anything to say.
struct silent final : net::pollable {
  std::size_t on_ready(std::span<char>) override { return 0; }
  void on_flush() override {}
};

/// A turn of a worker that spins and finds nothing: the set is asked, and so is Asio's before the next turn.
void spin_in_vain(benchmark::State& state) {
  boost::asio::io_context io{1};
  monotonic_clock const time;
  net::poller sockets(io.get_executor(), time);
  sockets.spin_for(1h);
  silent nobody;
  net::unique_fd const event(::eventfd(0, EFD_CLOEXEC));
  if (!event || !sockets.add(event.get(), nobody)) return state.SkipWithError("there is nothing to poll");
  io.run_one();  // it may be written to, which is an event
  if (!sockets.spinning()) state.SkipWithError("it does not spin");
  for (auto _ : state) io.run_one();
  sockets.remove(event.get(), nobody);
  sockets.shut_down();
}
BENCHMARK(spin_in_vain)->Name("net/poller/spin_in_vain");

#if defined(__x86_64__)
/// Why the read buffer lies in the middle of a page: a copy as the kernel makes it, from the beginning of a page to so
/// many bytes behind the beginning of another.
void copy_as_the_kernel(benchmark::State& state) {
  constexpr std::size_t size = 64 * 1024;
  struct alignas(4096) pages {
    std::array<char, size + 4096> bytes{};
  };
  auto const from = std::make_unique<pages>();
  auto const to = std::make_unique<pages>();
  for (auto _ : state) {
    void const* source = from->bytes.data();
    void* target = to->bytes.data() + state.range(0);
    std::size_t count = size;
    asm volatile("rep movsb" : "+D"(target), "+S"(source), "+c"(count) : : "memory");
  }
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(size));
}
BENCHMARK(copy_as_the_kernel)->Name("net/read_buffer/rep_movsb")->Arg(0)->Arg(8)->Arg(2048);
#endif

}  // namespace
