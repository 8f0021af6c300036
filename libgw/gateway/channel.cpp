#include "gateway/channel.hpp"

#include "core/view.hpp"
#include "gateway/download.hpp"
#include "gateway/session.hpp"
#include "gateway/worker.hpp"
#include "wire/relay.hpp"

#include <algorithm>
#include <utility>

namespace gw::gateway {
namespace {

// A channel that has paused its session to the limit may not do so again for this long.
constexpr duration pause_rest = std::chrono::seconds(10);

}  // namespace

std::string_view channel::service_name() const {
  return worker_.name_of(service_);
}

// --- 1. client to upstream ---

std::size_t channel::room() const noexcept {
  return full_ ? net::poller::read_buffer_size : upstream_.room();
}

void channel::send_run(std::string_view run, std::uint64_t first_seq, std::uint64_t messages, bool last) {
  if (ending()) return;
  accepted_ += messages;
  auto& counts = worker_.stats().of_service[service_];
  counts.messages_up.add(messages);
  counts.bytes_up.add(run.size());

  auto const done = upstream_.send_directly(run, last);
  auto& output = upstream_.output();
  if (done == run.size()) return output.handed_directly(first_seq + messages - 1);
  // What the socket did not take waits in the queue, each message with its number.
  std::size_t at = 0;
  for (auto seq = first_seq; at < run.size(); ++seq) {
    wire::frame_header header;
    wire::parse_header(run.substr(at), header);
    auto const size = header.size + static_cast<std::size_t>(header.length);
    if (at < done) {
      output.handed_directly(seq);
      if (at + size > done) upstream_.queue(run.substr(done, at + size - done));
    } else {
      output.begin_message(seq, run.size() - at);
      upstream_.queue(run.substr(at, size));
    }
    at += size;
  }
  note_queue();
}

void channel::stream(std::span<char> piece, wire::opcode op, bool first, bool last, std::uint64_t seq) {
  if (ending()) return;
  auto& counts = worker_.stats().of_service[service_];
  if (first) {
    ++accepted_;
    counts.messages_up.add();
    upstream_.output().begin_message(seq, piece.size());
  }
  auto const key = worker_.loop().keys.next();
  auto const frame = wire::frame_piece(piece, {.op = op, .first = first, .last = last}, &key);
  counts.bytes_up.add(frame.size());
  upstream_.queue(frame.header());
  upstream_.send(frame.payload());
  note_queue();
}

std::size_t channel::held_bytes() const noexcept {
  return upstream_.output().size() + (download_ ? download_->held.size() : 0);
}

void channel::note_queue() {
  if (ending() || upstream_.output().size() <= upstream_.marks().low) return;
  if (upstream_.congested() && !full_ && !pause_.running()) begin_pause();
  session_.check_memory();
}

void channel::begin_pause() {
  if (worker_.loop().wheel.now() < may_pause_from_) {
    full_ = true;
    return;
  }
  worker_.stats().of_service[service_].pauses.add();
  pause_.start(settings_.channel.pause_limit);
}

void channel::on_pause_over(void* self) {
  auto& c = *static_cast<channel*>(self);
  if (!c.upstream_.congested() || c.ending()) return;
  c.full_ = true;
  c.may_pause_from_ = c.worker_.loop().wheel.now() + pause_rest;
  c.session_.upstream_drained();
}

void channel::on_drained() {
  pause_.stop();
  full_ = false;
  session_.upstream_drained();
}

// --- 2. the way back: upstream to client ---

bool channel::may_read() const {
  return !ending() && !session_.ending() && !session_.client().congested() && session_.may_forward(*this);
}

std::size_t channel::read_room() const {
  return session_.client().room();
}

void channel::on_bytes(std::span<char> bytes) {
  while (!ending() && !session_.ending()) {
    auto const e = upstream_.next(bytes);
    switch (e.what) {
      case wire::event::kind::none:
        forward_run(session_.has_one_channel());
        return;
      case wire::event::kind::message:
        on_message(e);
        break;
      case wire::event::kind::piece:
        on_piece(e);
        break;
      case wire::event::kind::control:
        on_upstream_close(e);
        break;
      case wire::event::kind::violation:
        end({channel_end::kind::refused_message, e.code, std::string(e.reason)});
        break;
    }
  }
  forward_run();
}

void channel::on_message(wire::event const& message) {
  if (!count_message()) return;
  // (3 filters.on_message(to_client) come with routes on messages.)
  if (forward_compressed(message.op, message.payload)) return;
  auto const frame = wire::unmasked_in_place(message);
  if (run_end_ != frame.data()) {
    forward_run();
    run_begin_ = run_end_ = frame.data();
  }
  run_end_ += frame.size();
}

bool channel::count_message() {
  ++received_;
  if (session_.said_goodbye()) {  // nothing may follow our Close
    worker_.stats().messages_dropped.add();
    return false;
  }
  session_.count_out(1);
  worker_.stats().of_service[service_].messages_down.add();
  return true;
}

void channel::count_down(std::size_t bytes) {
  if (!session_.said_goodbye()) worker_.stats().of_service[service_].bytes_down.add(bytes);
}

void channel::forward_run(bool last) {
  if (run_begin_ == nullptr) return;
  auto const size = static_cast<std::size_t>(run_end_ - run_begin_);
  count_down(size);
  session_.client().send({std::exchange(run_begin_, nullptr), size}, last);
  run_end_ = nullptr;
}

bool channel::forward_compressed(wire::opcode op, std::span<char const> payload) {
  if (!session_.compresses(payload.size())) return false;
  auto& deflater = worker_.deflater();
  auto const frame = deflater.deflate(op, view(payload), nullptr);
  wire::frame_header header;
  bool const smaller = wire::parse_header(frame, header);
  if (smaller) {
    forward_run();
    session_.client().send(frame);
    count_down(wire::header_size(payload.size(), false) + payload.size());
    worker_.stats().deflated.compressed.add(header.length);
    worker_.stats().deflated.plain.add(payload.size());
  }
  deflater.rest();
  return smaller;
}

void channel::on_upstream_close(wire::event const& close) {
  end({channel_end::kind::upstream_closed, close.code, std::string(close.reason)});
}

}  // namespace gw::gateway
