#include "tools/bench_generator.hpp"

#include "tools/cpu_time.hpp"
#include "tools/run_loop.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <random>
#include <utility>

namespace gw::tools {
namespace {

// Handshakes in progress at once, per thread: a server's backlog is not the thing to be measured.
constexpr std::size_t most_dialling = 64;
constexpr duration handshake_limit = std::chrono::seconds(10);
// Open loop: what becomes due within so long leaves together; a wake-up for each message would be the dearer part of
// it.
constexpr duration least_wait = std::chrono::microseconds(250);
// ... and so many at most, so that answers are read between them when we are late.
constexpr std::uint64_t most_at_once = 1024;
// Closed loop by time: what has been under way for so long at the end is lost, not cut off.
constexpr duration overdue = std::chrono::seconds(1);
constexpr duration ramp_step = std::chrono::milliseconds(50);

/// Whom it is about matters only among several.
std::string class_of(error const& why, websocket_url const& of, bool is_one_of_several) {
  auto const who = is_one_of_several ? fmt::format("{}:{}{}: ", of.host, of.port, of.target) : std::string();
  return who + describe(why);
}

}  // namespace

bench_generator::bench_generator(bench_plan const& plan, bench_messages const& messages,
                                 std::span<bench_target const> targets, bench_schedule::part of, listener tell)
    : loop_(time_),
      plan_(plan),
      targets_(targets),
      next_(of.first),
      end_(of.first + of.share),
      tell_(std::move(tell)),
      thread_state_(loop_, time_, plan, messages, of.first ^ static_cast<std::uint64_t>(std::random_device()())),
      openers_(loop_.where()),
      running_(loop_.where()),
      quiet_(loop_.where()),
      stop_(loop_.where()),
      due_(loop_.where(), on_due, this),
      schedule_(plan.rate.value_or(gw::rate{1}), of) {
  thread_state_.quiet = &quiet_;
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

void bench_generator::begin(std::uint64_t budget, window of_open_loop) {
  loop_.where().execute([this, budget, of_open_loop] {
    thread_state_.sending = true;
    thread_state_.budget = plan_.idle ? connections_.size() : budget;  // one of each, whoever else did not come
    if (plan_.is_open_loop()) {
      for (auto const& c : connections_) sending_.push_back(c.get());
      thread_state_.measured_from = of_open_loop.measured;
      until_ = of_open_loop.end;
      schedule_.begin(of_open_loop.begin);
      due_.set(schedule_.next());
    } else {
      for (auto const& c : connections_) c->begin();
    }
    thread_state_.look_if_quiet();
  });
}

void bench_generator::measure() {
  loop_.where().execute([this] {
    thread_state_.measuring = true;
    measuring_cpu_ = true;
    cpu_before_s_ = cpu_seconds_of_this_thread();
  });
}

void bench_generator::end_sending() {
  loop_.where().execute([this] {
    measure_cpu();
    if (!plan_.is_open_loop()) {
      // By time a closed loop is cut off here; by number nothing more is sent anyway, and what is missing may count.
      if (plan_.messages || plan_.idle) return;
      thread_state_.sending = false;
      for (auto const& c : connections_) c->forget(time_.now() - overdue);
      thread_state_.measuring = false;
      return;
    }
    due_.stop();
    send_due(time_.now(), std::numeric_limits<std::uint64_t>::max());
    thread_state_.budget = 0;
    thread_state_.look_if_quiet();
  });
}

void bench_generator::halt(bool give_up) {
  loop_.where().execute([this, give_up] {
    measure_cpu();
    due_.stop();
    if (give_up) {
      for (auto const& c : connections_) c->give_up();
    }
    thread_state_.measuring = false;
    thread_state_.measured_from = time_point::max();
    thread_state_.sending = false;
  });
}

void bench_generator::measure_cpu() {
  if (std::exchange(measuring_cpu_, false)) cpu_s_ = cpu_seconds_of_this_thread() - cpu_before_s_;
}

void bench_generator::sample(std::function<void(std::shared_ptr<bench_sample const>)> tell) {
  loop_.where().execute([this, tell = std::move(tell)] {
    auto const made = std::make_shared<bench_sample>();
    auto const& counts = thread_state_.counts;
    for (auto const& of_service : counts.services) {
      made->sent += of_service.sent;
      made->answered += of_service.answered;
      made->failed += of_service.failed;
      made->pushed += of_service.pushed;
      made->errors += of_service.unanswered;
      made->latency_ns.merge(of_service.latency_ns);
    }
    for (auto const& [what, times] : counts.errors) made->errors += times;
    for (auto const& [what, times] : counts.warmup_errors) made->warmup_errors += times;
    made->skipped = counts.skipped;
    made->back = thread_state_.back;
    made->in_flight = thread_state_.in_flight;
    made->open = thread_state_.open;
    tell(made);
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
  opening_since_ = time_.now();
  auto const lanes = std::min<std::uint64_t>(most_dialling, end_ - next_);
  for (std::uint64_t i = 0; i < lanes; ++i) openers_.spawn(open_some());
  co_await openers_.join();
  tell_.opened(connections_.size());
  running_.spawn(watch_quiet());
  co_await stop_.wait();
  due_.stop();
  for (auto const& c : connections_) c->end();
  quiet_.set();
  co_await running_.join();
}

net::awaitable<void> bench_generator::open_some() {
  while (next_ < end_ && !stop_.is_set()) {
    auto const number = next_++;
    auto const due = opening_since_ + duration(plan_.ramp) * static_cast<duration::rep>(number) /
                                          static_cast<duration::rep>(plan_.connections);
    // In steps, since nothing else would end the wait when the run is interrupted.
    for (auto now = time_.now(); now < due && !stop_.is_set(); now = time_.now()) {
      auto const step = std::min(due - now, ramp_step);
      co_await loop_.wheel.sleep(step);
    }
    if (!stop_.is_set()) co_await open_one(number);
  }
}

net::awaitable<void> bench_generator::open_one(std::uint64_t number) {
  auto& counts = thread_state_.counts;
  auto const& to = targets_[number % targets_.size()];
  auto const ask = to.request(number, thread_state_.random);
  auto const begun = time_.now();
  net::stream with(loop_);
  dialling_.push_back(&with);
  auto opened = co_await open_websocket(loop_, with, to.address, ask, handshake_limit);
  std::erase(dialling_, &with);
  if (stop_.is_set()) co_return;
  if (!opened) {
    counts.count_error(class_of(opened.error(), to.url(), targets_.size() > 1));
    co_return;
  }
  ++counts.opened;
  counts.connect_ns.record(static_cast<std::uint64_t>(std::chrono::nanoseconds(time_.now() - begun).count()));
  connections_.push_back(std::make_unique<bench_connection>(thread_state_, number));
  running_.spawn(connections_.back()->run(std::move(opened->socket), std::move(opened->rest)));
}

net::awaitable<void> bench_generator::watch_quiet() {
  co_await quiet_.wait();
  if (!stop_.is_set()) tell_.quiet();
}

// --- open loop ---

void bench_generator::on_due(void* self) {
  auto& g = *static_cast<bench_generator*>(self);
  auto const now = g.time_.now();
  g.send_due(now, most_at_once);
  if (g.thread_state_.budget != 0 && g.schedule_.next() < g.until_)
    g.due_.set(std::max(g.schedule_.next(), now + least_wait));
}

/// Sends what is due, but no more than `most`.
void bench_generator::send_due(time_point now, std::uint64_t most) {
  auto& state = thread_state_;
  for (; most != 0 && state.budget != 0 && is_due(now); --most, --state.budget, schedule_.take()) {
    auto const planned = schedule_.next();
    bool const sent = send_one(planned, now);
    if (planned < state.measured_from) continue;
    if (sent) {
      state.counts.send_lag_ns.record(static_cast<std::uint64_t>(std::chrono::nanoseconds(now - planned).count()));
    } else {
      ++state.counts.skipped;
    }
  }
}

bool bench_generator::is_due(time_point now) const {
  auto const next = schedule_.next();
  return next <= now && next < until_;
}

/// By the next connection that is open. False: it has too much to do, or none is open.
bool bench_generator::send_one(time_point planned, time_point now) {
  while (!sending_.empty()) {
    if (next_sender_ >= sending_.size()) next_sender_ = 0;
    auto*& next = sending_[next_sender_];
    if (!next->has_ended()) {
      ++next_sender_;
      return next->send_due(planned, now);
    }
    next = sending_.back();
    sending_.pop_back();
  }
  return false;
}

}  // namespace gw::tools
