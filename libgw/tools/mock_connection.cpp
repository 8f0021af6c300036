#include "tools/mock_connection.hpp"

#include "core/log.hpp"
#include "tools/envelope.hpp"

#include <sys/socket.h>

#include <algorithm>
#include <cstring>
#include <utility>

namespace gw::tools {
namespace {

constexpr std::uint64_t max_message = 64 * 1024 * 1024;
constexpr watermarks marks = {1024 * 1024, 256 * 1024};
constexpr duration patience = std::chrono::milliseconds(500);
// From here on moving an answer up to its neighbour costs more than a system call of its own.
constexpr std::size_t large = 8 * 1024;
constexpr std::size_t slow_read = 16 * 1024;
constexpr wire::mask_key some_mask = {0x5a, 0x0f, 0xc3, 0x91};

// A slow reader that had the kernel's usual buffers would look like a fast one for megabytes.
void shrink_receive_buffer(int fd) {
  int const size = static_cast<int>(slow_read);
  ::setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof size);
}

}  // namespace

mock_connection::mock_connection(net::loop& where, mock_instance const& instance, mock_behaviour const& behaviour,
                                 std::string path, std::uint64_t seed)
    : loop_(where),
      instance_(instance),
      behaviour_(behaviour),
      path_(std::move(path)),
      never_speaks_(behaviour.handshake.when == handshake_behaviour::hang::after),
      peer_(where, wire::role::server, max_message, marks, *this),
      ended_(where.where()),
      speak_timer_(
          where.wheel, [](void* self) { static_cast<mock_connection*>(self)->speak(); }, this),
      delay_timer_(
          where.wheel, [](void* self) { static_cast<mock_connection*>(self)->send_delayed(); }, this),
      read_timer_(
          where.wheel, [](void* self) { static_cast<mock_connection*>(self)->peer_.resume_reading(); }, this),
      chance_(seed) {
  if (behaviour_.book) connection_ = behaviour_.book->name_connection();
}

// --- life ---

net::awaitable<void> mock_connection::run(net::transport socket, std::string rest) {
  if (behaviour_.log) log::event(log::level::info, "open", {{"instance", instance_.name}});
  if (behaviour_.read_rate != 0) shrink_receive_buffer(socket.descriptor());
  begun_ = true;
  behaviour_changed();
  if (auto const attached = peer_.attach(std::move(socket), std::move(rest)); attached) co_await ended_.wait();
  for (auto* const timer : {&speak_timer_, &delay_timer_, &read_timer_}) timer->stop();
  co_await peer_.close(code_, reason_, patience);
  if (behaviour_.log) {
    log::event(log::level::info, "close",
               {{"instance", instance_.name}, {"code", static_cast<unsigned>(code_)}, {"messages", messages_}});
  }
}

void mock_connection::end(wire::close_code code, std::string reason) {
  if (ending_) return;
  ending_ = true;
  code_ = code == wire::close_code::abnormal ? wire::close_code::none : code;
  reason_ = std::move(reason);
  ended_.set();
}

void mock_connection::on_lost(std::error_code) {
  end(wire::close_code::none, {});
}

void mock_connection::behaviour_changed() {
  if (!begun_ || ending_) return;
  auto const now = loop_.wheel.now();
  push_.begin(behaviour_.push.value_or(rate{}), now);
  flood_.begin(behaviour_.flood.at, now);
  peer_.resume_reading();
  speak_timer_.stop();
  speak();
}

// --- input ---

bool mock_connection::may_read() const {
  return !ending_ && !closing_ && !is_dumb() && !peer_.congested() && delayed_bytes_ < marks.high &&
         !read_timer_.running();
}

std::size_t mock_connection::read_room() const {
  return behaviour_.read_rate == 0 ? net::poller::read_buffer_size : slow_read;
}

void mock_connection::pay_for(std::size_t bytes) {
  if (behaviour_.read_rate == 0) return;
  std::chrono::duration<double> const took(static_cast<double>(bytes) / static_cast<double>(behaviour_.read_rate));
  read_timer_.start(std::chrono::duration_cast<duration>(took));
}

void mock_connection::on_drained() {
  peer_.resume_reading();
}

void mock_connection::on_bytes(std::span<char> bytes) {
  pay_for(bytes.size());
  while (!ending_ && !closing_) {
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
  if (closing_) end_behind_answers();
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
  if (!misfortune(text)) answer(op, payload);
  closing_ = closing_ || (behaviour_.close_after != 0 && messages_ >= behaviour_.close_after);
}

void mock_connection::end_behind_answers() {
  if (delayed_.empty()) end(static_cast<wire::close_code>(behaviour_.close_code), {});
}

void mock_connection::log_message(std::string_view text) const {
  log::event(log::level::info, "message", {{"instance", instance_.name}, {"n", messages_}, {"text", text}});
}

// --- answers ---

/// Whether the message met one of the faults that were asked for, and what follows from it.
bool mock_connection::misfortune(std::string_view text) {
  auto const& how = behaviour_;
  if (how.fail == 0 && how.drop == 0 && how.hang_up == 0) return false;
  auto const drawn = std::uniform_real_distribution<double>()(chance_);
  if (drawn >= how.fail + how.drop + how.hang_up) return false;
  if (drawn < how.fail) {
    send_run();
    send_or_delay(frame_of(wire::opcode::text, make_failure(who(messages_), text)));
  } else if (drawn >= how.fail + how.drop) {
    send_run();
    end(static_cast<wire::close_code>(how.close_code), "a failure that was asked for");
  }
  return true;
}

void mock_connection::answer(wire::opcode op, std::span<char> payload) {
  std::string_view const text(payload.data(), payload.size());
  if (behaviour_.oversize != 0) {
    return send_or_delay(frame_of(wire::opcode::text, make_padded(who(messages_), behaviour_.oversize)));
  }
  switch (behaviour_.reply) {
    case mock_behaviour::answer::envelope:
      // Bytes that are no text cannot stand in JSON.
      return send_or_delay(
          frame_of(op, op == wire::opcode::binary ? std::string(text) : make_envelope(who(messages_), text)));
    case mock_behaviour::answer::text:
      return send_or_delay(frame_of(wire::opcode::text, behaviour_.text.fill(who(messages_), path_, text)));
    case mock_behaviour::answer::raw:
      return answer_raw(op, payload);
    case mock_behaviour::answer::ledger:
      return write_down(text);
    case mock_behaviour::answer::none:
      return;
  }
}

answering mock_connection::who(std::uint64_t n) const {
  return {.service = instance_.service, .instance = instance_.name, .n = n};
}

// The answer is the message itself under a header without a mask, which is 4 bytes shorter: it is made where it lies.
void mock_connection::answer_raw(wire::opcode op, std::span<char> payload) {
  if (!behaviour_.delay.is_none() || behaviour_.masked || is_dumb()) {
    return send_or_delay(frame_of(op, {payload.data(), payload.size()}));
  }
  auto const header_size = wire::header_size(payload.size(), false);
  auto* const begin = payload.data() - header_size;
  wire::write_header({.op = op, .length = payload.size()}, begin);
  std::string_view const frame(begin, header_size + payload.size());
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

std::string mock_connection::frame_of(wire::opcode op, std::string_view payload) {
  return wire::make_frame(op, payload, behaviour_.masked ? &some_mask : nullptr);
}

void mock_connection::send_now(std::string_view frames) {
  if (!is_dumb()) peer_.queue(frames);
}

void mock_connection::send_or_delay(std::string_view frames) {
  send_run();
  if (behaviour_.delay.is_none() && delayed_.empty()) return send_now(frames);
  auto const now = loop_.wheel.now();
  last_due_ = std::max(last_due_, now + behaviour_.delay.draw(chance_));
  delayed_.push_back({last_due_, std::string(frames)});
  delayed_bytes_ += frames.size();
  if (!delay_timer_.running()) delay_timer_.start(last_due_ - now);
}

void mock_connection::send_delayed() {
  auto const now = loop_.wheel.now();
  while (!delayed_.empty() && delayed_.front().due <= now) {
    send_now(delayed_.front().frames);
    delayed_bytes_ -= delayed_.front().frames.size();
    delayed_.pop_front();
  }
  if (!delayed_.empty()) return delay_timer_.start(delayed_.front().due - now);
  if (closing_) return end_behind_answers();
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
  acks_ += frame_of(wire::opcode::text, make_ack({.service = instance_.service,
                                                  .instance = instance_.name,
                                                  .client = stamp->client,
                                                  .session = stamp->session,
                                                  .n = stamp->n}));
}

void mock_connection::answer_written() {
  if (lines_.empty()) return;
  auto const written = behaviour_.book->append(lines_);
  lines_.clear();
  auto const acks = std::exchange(acks_, {});
  if (!written) return end(wire::close_code::internal_error, describe(written.error()));
  if (!acks.empty()) send_or_delay(acks);
}

// --- what nobody asked for ---

void mock_connection::say(std::string_view text) {
  if (!ending_) send_now(frame_of(wire::opcode::text, text));
}

/// Pushes and floods as far as they are due. A reader that is too slow misses some: nothing may grow without bound.
void mock_connection::speak() {
  if (ending_) return;
  auto const now = loop_.wheel.now();
  while (push_.take(now)) {
    if (!peer_.congested()) send_now(frame_of(wire::opcode::text, make_push(who(++pushed_))));
  }
  auto const size = behaviour_.flood.size;
  bool const unlimited = size != 0 && !flood_.running();
  while (size != 0 && !is_dumb() && (unlimited ? !peer_.congested() : flood_.take(now))) {
    if (!peer_.congested()) send_now(frame_of(wire::opcode::text, make_padded(who(++flooded_), size)));
  }
  auto wait = duration::max();
  if (push_.running()) wait = std::min(wait, push_.wait(now));
  if (size != 0) wait = std::min(wait, unlimited ? net::timer_wheel::tick : flood_.wait(now));
  if (wait != duration::max()) speak_timer_.start(std::max(wait, duration::zero()));
}

}  // namespace gw::tools
