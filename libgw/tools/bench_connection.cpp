#include "tools/bench_connection.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <utility>

namespace gw::tools {
namespace {

constexpr std::uint64_t max_message = 64 * 1024 * 1024;
// The messages in flight bound the queue; these marks only have to be above it.
constexpr watermarks marks = {1024 * 1024 * 1024, 512 * 1024 * 1024};
// An open loop does not wait for a server that does not read: from here on messages are skipped.
constexpr std::size_t most_queued = 16 * 1024 * 1024;
constexpr duration patience = std::chrono::seconds(1);

std::uint64_t ns_since_us(std::int64_t then) {
  return static_cast<std::uint64_t>(std::max<std::int64_t>(wall_clock_us() - then, 0)) * 1000;
}

}  // namespace

bench_connection::bench_connection(bench_thread& of, std::uint64_t number)
    : thread_(of),
      number_(number),
      peer_(of.loop, wire::role::client, max_message, marks, *this),
      ended_(of.loop.where()),
      flight_(of),
      turn_(of.messages.first_turn(number)) {}

// --- life ---

net::awaitable<void> bench_connection::run(net::transport socket, std::string rest) {
  ++thread_.open;
  if (auto const attached = peer_.attach(std::move(socket), std::move(rest)); attached) {
    co_await ended_.wait();
  } else {
    fail("attach");
  }
  --thread_.open;
  flight_.lose_all();
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
  auto const now = flight_.settle();
  auto const count = std::exchange(owed_, 0);
  if (count != 0 && !ending_ && !thread_.plan.is_open_loop()) send(count, now);
}

void bench_connection::collect(wire::event const& piece) {
  assembled_.append(piece.payload.data(), piece.payload.size());
  if (!piece.last) return;
  on_text(assembled_);
  assembled_.clear();
}

void bench_connection::on_text(std::string_view text) {
  if (thread_.reader.wants_to_read()) thread_.reader.read(text);
  if (on_push(text)) return;
  auto const found = thread_.messages.classify(text);
  switch (found.what) {
    case bench_answer::kind::answer:
      owed_ += flight_.answered(found.service, text);
      return;
    case bench_answer::kind::error: {
      // How often is the server's word: of messages that wait for no answer it cannot speak.
      auto const failed = flight_.failed(found);
      thread_.count_error(found.code, std::max<std::uint64_t>(failed, 1));
      owed_ += failed;
      return;
    }
    case bench_answer::kind::channel_closed:
      thread_.count_error(found.code, 1);
      owed_ += flight_.lose(found.service);
      return;
    case bench_answer::kind::push:
      if (thread_.measuring) ++thread_.counts.services[found.service].pushed;
      return;
    case bench_answer::kind::unknown:
      if (!found.code.empty()) return thread_.count_error(found.code, 1);
      // With keys it does not matter that the answer does not say which service it comes from.
      if (!thread_.reader.matches()) return thread_.count_error("answer of an unknown service", 1);
      owed_ += flight_.answered(0, text);
      return;
  }
}

/// Whether it is a message that nobody asked for and that says when it left.
bool bench_connection::on_push(std::string_view text) {
  auto const at = thread_.reader.pushed_at_us();
  if (!at) return false;
  thread_.counts.saw_push_stamp = true;
  if (!thread_.measuring) return true;
  auto const found = thread_.messages.classify(text);
  auto& tally = thread_.counts.services[found.what == bench_answer::kind::unknown ? 0 : found.service];
  ++tally.pushed;
  tally.push_ns.record(ns_since_us(*at));
  return true;
}

// --- output ---

std::size_t bench_connection::write_next(char* to, bench_departure when) {
  bench_blanks const with{
      .connection = number_,
      .n = ++written_,
      .next = (written_ - 1) * thread_.plan.connections + number_,
  };
  auto const text = thread_.messages.text(turn_, with, thread_.random, thread_.rendered.get());
  auto const size = bench_messages::write(to, text, thread_.loop.keys.next());
  flight_.leaves(turn_.service, text, when);
  thread_.messages.advance(turn_);
  return size;
}

void bench_connection::send(std::uint64_t count, time_point now) {
  if (!thread_.sending) return;
  count = std::min(count, thread_.budget);
  thread_.budget -= count;
  auto const room = thread_.messages.largest_frame();
  std::size_t size = 0;
  for (std::uint64_t i = 0; i < count; ++i) {
    if (size + room > thread_.scratch_size) {
      peer_.send({thread_.scratch.get(), size});
      size = 0;
    }
    size += write_next(thread_.scratch.get() + size, {now, now});
  }
  if (size != 0) peer_.send({thread_.scratch.get(), size});
  flight_.all_left({now, now});
}

bool bench_connection::send_due(time_point planned, time_point now) {
  if (flight_.waiting() >= thread_.plan.in_flight || peer_.unsent() > most_queued) return false;
  auto const size = write_next(thread_.scratch.get(), {planned, now});
  peer_.send({thread_.scratch.get(), size});
  flight_.all_left({planned, now});
  return true;
}

}  // namespace gw::tools
