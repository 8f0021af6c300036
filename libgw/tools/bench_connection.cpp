#include "tools/bench_connection.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace gw::tools {
namespace {

constexpr std::uint64_t max_message = 64 * 1024 * 1024;
// The closed loop bounds the queue; these marks only have to be above it.
constexpr watermarks marks = {1024 * 1024 * 1024, 512 * 1024 * 1024};
constexpr duration patience = std::chrono::seconds(1);

std::uint64_t ns_between(time_point from, time_point to) {
  return static_cast<std::uint64_t>(std::chrono::nanoseconds(to - from).count());
}

}  // namespace

void bench_thread::look_if_quiet() {
  if (quiet != nullptr && sending && in_flight == 0 && (budget == 0 || open == 0)) quiet->set();
}

bench_connection::bench_connection(bench_thread& of, std::uint64_t number)
    : thread_(of),
      number_(number),
      peer_(of.loop, wire::role::client, max_message, marks, *this),
      ended_(of.loop.where()),
      flights_(of.messages.services()) {}

// --- life ---

net::awaitable<void> bench_connection::run(net::transport socket, std::string rest) {
  ++thread_.open;
  if (auto const attached = peer_.attach(std::move(socket), std::move(rest)); attached) {
    co_await ended_.wait();
  } else {
    fail("attach");
  }
  --thread_.open;
  for (std::size_t service = 0; service < flights_.size(); ++service) lose(service);
  thread_.look_if_quiet();
  std::string const no_reason;
  co_await peer_.close(wire::close_code::normal, no_reason, patience);
}

void bench_connection::begin() {
  if (!ending_) send(thread_.plan.in_flight, thread_.time.now());
}

void bench_connection::end() {
  ending_ = true;
  ended_.set();
}

void bench_connection::fail(std::string const& what) {
  if (ending_) return;
  thread_.counts.count_error(what);
  end();
}

void bench_connection::on_lost(std::error_code cause) {
  fail(cause ? fmt::format("lost: {}", cause.message()) : "lost without a Close");
}

void bench_connection::on_close(wire::event const& close) {
  fail(fmt::format("closed {}", static_cast<unsigned>(close.code)));
}

// --- input ---

void bench_connection::on_bytes(std::span<char> bytes) {
  while (!ending_) {
    auto const e = peer_.next(bytes);
    if (e.what == wire::event::kind::none) break;
    switch (e.what) {
      case wire::event::kind::none:
        break;
      case wire::event::kind::message:
        on_text({e.payload.data(), e.payload.size()});
        break;
      case wire::event::kind::piece:
        collect(e);
        break;
      case wire::event::kind::control:
        on_close(e);
        break;
      case wire::event::kind::violation:
        fail(fmt::format("protocol error: {}", e.reason));
        break;
    }
  }
  // One look at the clock for everything that one read brought.
  auto const now = thread_.time.now();
  time_answers(now);
  if (auto const count = std::exchange(owed_, 0); count != 0 && !ending_) send(count, now);
}

void bench_connection::collect(wire::event const& piece) {
  assembled_.append(piece.payload.data(), piece.payload.size());
  if (!piece.last) return;
  on_text(assembled_);
  assembled_.clear();
}

void bench_connection::on_text(std::string_view text) {
  auto const found = thread_.messages.classify(text);
  switch (found.what) {
    case bench_answer::kind::answer:
      return on_answer(flights_[found.service], found.service, text);
    case bench_answer::kind::error:
    case bench_answer::kind::channel_closed:
      return on_error(found);
    case bench_answer::kind::push:
      if (thread_.measuring) ++thread_.counts.services[found.service].pushed;
      return;
    case bench_answer::kind::unknown:
      return count_error(found.code.empty() ? std::string_view("answer of an unknown service") : found.code);
  }
}

void bench_connection::on_answer(flight& to, std::size_t service, std::string_view text) {
  if (to.fresh_answers == to.waiting) return count_error("answer without a message");
  ++to.fresh_answers;
  ++to.answered;
  ++owed_;
  if (!thread_.measuring) return;
  auto& counts = thread_.counts.services[service];
  counts.answer_bytes += text.size();
  if (thread_.plan.check && !thread_.messages.equals(text, service, number_, to.answered)) ++counts.mismatches;
}

/// A gateway answered in place of the service. That is quick: it says nothing of the latency.
void bench_connection::on_error(bench_answer const& found) {
  auto& from = flights_[found.service];
  time_answers_of(found.service, thread_.time.now());
  count_error(found.code);
  if (found.what == bench_answer::kind::channel_closed) {
    owed_ += from.waiting;
    return lose(found.service);
  }
  if (from.waiting == 0) return;
  ++from.answered;
  ++owed_;
  if (thread_.measuring) ++thread_.counts.services[found.service].failed;
  take(from, 1, {}, nullptr);
}

void bench_connection::count_error(std::string_view what) {
  if (thread_.measuring) thread_.counts.count_error(what);
}

void bench_connection::time_answers(time_point now) {
  for (std::size_t service = 0; service < flights_.size(); ++service) time_answers_of(service, now);
}

void bench_connection::time_answers_of(std::size_t service, time_point now) {
  auto const count = std::exchange(flights_[service].fresh_answers, 0);
  if (count == 0) return;
  auto& counts = thread_.counts.services[service];
  if (thread_.measuring) counts.answered += count;
  take(flights_[service], count, now, thread_.measuring ? &counts.latency_ns : nullptr);
}

/// The oldest `count` messages came back; `to`, unless null, gets how long they took.
void bench_connection::take(flight& from, std::uint64_t count, time_point now, histogram* to) {
  from.waiting -= count;
  thread_.in_flight -= count;
  thread_.answers += count;
  while (count != 0) {
    auto& oldest = from.batches[from.first];
    auto const n = std::min(count, oldest.count);
    if (to != nullptr) to->record_n(ns_between(oldest.sent, now), n);
    count -= n;
    oldest.count -= n;
    if (oldest.count == 0) ++from.first;
  }
  if (from.first == from.batches.size() || from.first > 64) {
    from.batches.erase(from.batches.begin(), from.batches.begin() + static_cast<std::ptrdiff_t>(from.first));
    from.first = 0;
  }
  if (thread_.in_flight == 0) thread_.look_if_quiet();
}

/// Their connection or channel ended: what happened to them is unknown.
void bench_connection::lose(std::size_t service) {
  time_answers_of(service, thread_.time.now());
  auto& all = flights_[service];
  if (thread_.sending) thread_.counts.services[service].unanswered += all.waiting;
  thread_.in_flight -= all.waiting;
  all.waiting = 0;
  all.answered = all.sent;
  all.batches.clear();
  all.first = 0;
}

// --- output ---

void bench_connection::send(std::uint64_t count, time_point now) {
  if (!thread_.sending) return;
  count = std::min(count, thread_.budget);
  thread_.budget -= count;
  thread_.in_flight += count;
  auto const room = thread_.messages.largest_frame();
  std::size_t size = 0;
  for (std::uint64_t i = 0; i < count; ++i) {
    auto& to = flights_[next_service_];
    if (size + room > thread_.scratch_size) {
      peer_.send({thread_.scratch.get(), size});
      size = 0;
    }
    size += thread_.messages.write(thread_.scratch.get() + size, next_service_, number_, ++to.sent,
                                   thread_.loop.keys.next());
    ++to.fresh_messages;
    if (++next_service_ == flights_.size()) next_service_ = 0;
  }
  if (size != 0) peer_.send({thread_.scratch.get(), size});
  for (std::size_t service = 0; service < flights_.size(); ++service) {
    auto& f = flights_[service];
    if (f.fresh_messages == 0) continue;
    if (thread_.measuring) thread_.counts.services[service].sent += f.fresh_messages;
    f.waiting += f.fresh_messages;
    f.batches.push_back({now, std::exchange(f.fresh_messages, 0)});
  }
}

}  // namespace gw::tools
