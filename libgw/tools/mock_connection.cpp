#include "tools/mock_connection.hpp"

#include "core/log.hpp"
#include "tools/envelope.hpp"

#include <cstring>
#include <utility>

namespace gw::tools {
namespace {

constexpr std::uint64_t max_message = 64 * 1024 * 1024;
constexpr watermarks marks = {1024 * 1024, 256 * 1024};
constexpr duration patience = std::chrono::milliseconds(500);
// From here on moving an answer up to its neighbour costs more than a system call of its own.
constexpr std::size_t large = 8 * 1024;

}  // namespace

mock_connection::mock_connection(net::loop& where, mock_instance const& instance, mock_behaviour const& behaviour)
    : loop_(where),
      instance_(instance),
      behaviour_(behaviour),
      peer_(where, wire::role::server, max_message, marks, *this),
      ended_(where.where()),
      push_timer_(where.wheel, on_push_due, this),
      delay_timer_(where.wheel, on_delay_over, this) {
  if (behaviour_.book) connection_ = behaviour_.book->name_connection();
}

// --- life ---

net::awaitable<void> mock_connection::run(net::transport socket, std::string rest) {
  if (behaviour_.log) log::event(log::level::info, "open", {{"instance", instance_.name}});
  if (behaviour_.push) {
    push_since_ = loop_.wheel.now();
    on_push_due(this);
  }
  if (auto const attached = peer_.attach(std::move(socket), std::move(rest)); attached) co_await ended_.wait();
  push_timer_.stop();
  delay_timer_.stop();
  co_await peer_.close(code_, reason_, patience);
  if (behaviour_.log) {
    log::event(log::level::info, "close",
               {{"instance", instance_.name}, {"code", static_cast<unsigned>(code_)}, {"messages", messages_}});
  }
}

void mock_connection::end(wire::close_code code, std::string reason) {
  if (ending_) return;
  ending_ = true;
  code_ = code;
  reason_ = std::move(reason);
  ended_.set();
}

void mock_connection::on_lost(std::error_code) {
  end(wire::close_code::none, {});
}

// --- input ---

bool mock_connection::may_read() const {
  return !ending_ && !peer_.congested() && delayed_bytes_ < marks.high;
}

void mock_connection::on_drained() {
  peer_.resume_reading();
}

void mock_connection::on_bytes(std::span<char> bytes) {
  while (!ending_) {
    auto const e = peer_.next(bytes);
    if (e.what == wire::event::kind::none) break;
    switch (e.what) {
      case wire::event::kind::none:
        break;
      case wire::event::kind::message:
        on_message(e.op, e.payload);
        break;
      case wire::event::kind::piece:
        collect(e);
        break;
      case wire::event::kind::control:
        end(e.code, {});
        break;
      case wire::event::kind::violation:
        end(e.code, std::string(e.reason));
        break;
    }
  }
  send_run();
  answer_written();
}

void mock_connection::collect(wire::event const& piece) {
  if (piece.first) assembled_.assign(wire::max_header_size, '\0');
  assembled_.append(piece.payload.data(), piece.payload.size());
  if (!piece.last) return;
  send_run();  // answers to earlier messages
  on_message(piece.op, std::span(assembled_).subspan(wire::max_header_size));
  send_run();
  std::string().swap(assembled_);
}

void mock_connection::on_message(wire::opcode op, std::span<char> payload) {
  ++messages_;
  std::string_view const text(payload.data(), payload.size());
  if (behaviour_.log) log_message(text);
  switch (behaviour_.reply) {
    case mock_behaviour::answer::envelope:
      answer_in_envelope(op, text);
      break;
    case mock_behaviour::answer::raw:
      answer_raw(op, payload);
      break;
    case mock_behaviour::answer::ledger:
      write_down(text);
      break;
    case mock_behaviour::answer::none:
      break;
  }
  if (behaviour_.close_after != 0 && messages_ == behaviour_.close_after) {
    send_run();
    if (delayed_.empty()) end(wire::close_code::normal, {});
  }
}

void mock_connection::log_message(std::string_view text) const {
  log::event(log::level::info, "message", {{"instance", instance_.name}, {"n", messages_}, {"text", text}});
}

// --- output ---

void mock_connection::answer_in_envelope(wire::opcode op, std::string_view text) {
  auto const answer =
      op == wire::opcode::binary
          ? std::string(text)
          : make_envelope({.service = instance_.service, .instance = instance_.name, .n = messages_}, text);
  auto const frame = wire::make_frame(op, answer, nullptr);
  if (behaviour_.delay != duration::zero()) return send_later(frame);
  peer_.queue(frame);
}

// The answer is the message itself under a header without a mask, which is 4 bytes shorter: it is made where it lies.
void mock_connection::answer_raw(wire::opcode op, std::span<char> payload) {
  auto const header_size = wire::header_size(payload.size(), false);
  auto* const begin = payload.data() - header_size;
  wire::write_header({.op = op, .length = payload.size()}, begin);
  std::string_view const frame(begin, header_size + payload.size());
  if (behaviour_.delay != duration::zero()) return send_later(frame);
  if (frame.size() >= large) {
    send_run();
    return peer_.send(frame);
  }
  if (run_begin_ == nullptr) {
    run_begin_ = begin;
    run_end_ = begin + frame.size();
    return;
  }
  std::memmove(run_end_, frame.data(), frame.size());
  run_end_ += frame.size();
}

void mock_connection::send_run() {
  if (run_begin_ == nullptr) return;
  peer_.send({run_begin_, static_cast<std::size_t>(run_end_ - run_begin_)});
  run_begin_ = run_end_ = nullptr;
}

void mock_connection::send_later(std::string_view frames) {
  delayed_.push_back({loop_.wheel.now() + behaviour_.delay, std::string(frames)});
  delayed_bytes_ += frames.size();
  if (!delay_timer_.running()) delay_timer_.start(behaviour_.delay);
}

void mock_connection::on_delay_over(void* self) {
  static_cast<mock_connection*>(self)->send_delayed();
}

void mock_connection::send_delayed() {
  auto const now = loop_.wheel.now();
  while (!delayed_.empty() && delayed_.front().due <= now) {
    peer_.queue(delayed_.front().frames);
    delayed_bytes_ -= delayed_.front().frames.size();
    delayed_.pop_front();
  }
  if (!delayed_.empty()) return delay_timer_.start(delayed_.front().due - now);
  if (behaviour_.close_after != 0 && messages_ >= behaviour_.close_after) return end(wire::close_code::normal, {});
  peer_.resume_reading();
}

// --- ledger ---

void mock_connection::write_down(std::string_view text) {
  auto const stamp = read_stamped(text);
  if (!stamp) {
    lines_ += bad_ledger_line(instance_.name, connection_);
    return;
  }
  lines_ += ledger_line(*stamp, instance_.name, connection_);
  acks_ += wire::make_frame(wire::opcode::text,
                            make_ack({.service = instance_.service,
                                      .instance = instance_.name,
                                      .client = stamp->client,
                                      .session = stamp->session,
                                      .n = stamp->n}),
                            nullptr);
}

void mock_connection::answer_written() {
  if (lines_.empty()) return;
  auto const written = behaviour_.book->append(lines_);
  lines_.clear();
  auto const acks = std::exchange(acks_, {});
  if (!written) return end(wire::close_code::internal_error, describe(written.error()));
  if (acks.empty()) return;
  if (behaviour_.delay != duration::zero()) return send_later(acks);
  peer_.send(acks);
}

// --- push ---

void mock_connection::on_push_due(void* self) {
  static_cast<mock_connection*>(self)->push();
}

void mock_connection::push() {
  auto const interval = duration(behaviour_.push->per) / static_cast<duration::rep>(behaviour_.push->count);
  auto const now = loop_.wheel.now();
  auto const due = static_cast<std::uint64_t>((now - push_since_) / interval);
  for (; pushes_due_ < due; ++pushes_due_) {
    // A reader that is too slow misses some: nothing may grow without bound.
    if (peer_.congested()) continue;
    ++pushed_;
    peer_.send_message(wire::opcode::text,
                       make_push({.service = instance_.service, .instance = instance_.name, .n = pushed_}));
  }
  push_timer_.start(push_since_ + interval * static_cast<duration::rep>(due + 1) - now);
}

}  // namespace gw::tools
