#include "tools/bench_generator.hpp"

#include "net/tls_engine.hpp"
#include "tools/cpu_time.hpp"
#include "tools/run_loop.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace gw::tools {
namespace {

// Handshakes in progress at once, per thread: a server's backlog is not the thing to be measured.
constexpr std::size_t most_dialling = 64;
constexpr duration handshake_limit = std::chrono::seconds(10);
constexpr duration second = std::chrono::seconds(1);
constexpr std::size_t least_scratch = 256 * 1024;

std::string class_of(error const& why) {
  switch (why.code) {
    case errc::connect_timeout:
      return "connect timeout";
    case errc::handshake_rejected:
      return fmt::format("handshake rejected {}", why.cause.value());
    default:
      return why.cause ? fmt::format("connect failed: {}", why.cause.message()) : "connect failed";
  }
}

}  // namespace

bench_generator::bench_generator(bench_plan const& plan, bench_messages const& messages,
                                 std::span<net::address const> addresses, std::uint64_t first, std::size_t connections,
                                 listener tell)
    : loop_(time_),
      plan_(plan),
      addresses_(addresses),
      next_(first),
      end_(first + connections),
      tell_(std::move(tell)),
      thread_state_{.loop = loop_,
                    .time = time_,
                    .plan = plan,
                    .messages = messages,
                    .counts = bench_counts(messages.services())},
      openers_(loop_.where()),
      running_(loop_.where()),
      quiet_(loop_.where()),
      stop_(loop_.where()),
      second_(loop_.wheel, on_second, this) {
  thread_state_.quiet = &quiet_;
  thread_state_.scratch_size = std::max(least_scratch, messages.largest_frame());
  thread_state_.scratch.reset(new char[thread_state_.scratch_size]);
}

bench_generator::~bench_generator() {
  stop();
  join();
}

void bench_generator::start() {
  thread_ = std::thread([this] { run_loop(loop_, run()); });
}

void bench_generator::join() {
  if (thread_.joinable()) thread_.join();
}

// --- orders ---

void bench_generator::begin(std::uint64_t budget) {
  loop_.where().execute([this, budget] {
    thread_state_.sending = true;
    thread_state_.budget = budget;
    last_answer_ = time_.now();
    second_.start(second);
    for (auto const& c : connections_) c->begin();
    thread_state_.look_if_quiet();
  });
}

void bench_generator::measure() {
  loop_.where().execute([this] {
    thread_state_.measuring = true;
    cpu_before_s_ = cpu_seconds_of_this_thread();
  });
}

void bench_generator::halt() {
  loop_.where().execute([this] {
    if (std::exchange(thread_state_.measuring, false)) cpu_s_ = cpu_seconds_of_this_thread() - cpu_before_s_;
    thread_state_.sending = false;
  });
}

void bench_generator::stop() {
  loop_.where().execute([this] {
    stop_.set();
    for (auto* const stream : dialling_) stream->close();
  });
}

// --- the thread ---

net::awaitable<void> bench_generator::run() {
  auto const lanes = std::min<std::uint64_t>(most_dialling, end_ - next_);
  for (std::uint64_t i = 0; i < lanes; ++i) openers_.spawn(open_some());
  co_await openers_.join();
  tell_.opened();
  running_.spawn(watch_quiet());
  co_await stop_.wait();
  second_.stop();
  for (auto const& c : connections_) c->end();
  quiet_.set();
  co_await running_.join();
}

net::awaitable<void> bench_generator::open_some() {
  while (next_ < end_ && !stop_.is_set()) co_await open_one(next_++);
}

net::awaitable<void> bench_generator::open_one(std::uint64_t number) {
  auto& counts = thread_state_.counts;
  auto const begun = time_.now();
  net::stream with(loop_);
  dialling_.push_back(&with);
  auto opened = co_await open_websocket(loop_, with, addresses_[number % addresses_.size()], plan_.to, handshake_limit);
  std::erase(dialling_, &with);
  if (stop_.is_set()) co_return;
  if (!opened) {
    counts.count_error(class_of(opened.error()));
    co_return;
  }
  ++counts.opened;
  counts.connect_ns.record(static_cast<std::uint64_t>(std::chrono::nanoseconds(time_.now() - begun).count()));
  connections_.push_back(std::make_unique<bench_connection>(thread_state_, number));
  running_.spawn(connections_.back()->run(std::move(opened->socket), std::move(opened->rest)));
}

net::awaitable<void> bench_generator::watch_quiet() {
  co_await quiet_.wait();
  if (!stop_.is_set()) tell_.quiet(false);
}

void bench_generator::on_second(void* self) {
  auto& g = *static_cast<bench_generator*>(self);
  auto const& state = g.thread_state_;
  auto const now = g.time_.now();
  if (state.in_flight == 0 || std::exchange(g.answers_before_, state.answers) != state.answers) g.last_answer_ = now;
  if (now - g.last_answer_ < g.plan_.answer_limit) return g.second_.start(second);
  g.tell_.quiet(true);
}

}  // namespace gw::tools
