#include "net/peer.hpp"

#include "net/stream.hpp"

#include <algorithm>
#include <array>
#include <cassert>
#include <cstring>
#include <utility>

namespace gw::net {
namespace {

constexpr int reads_per_turn = 4;
constexpr std::size_t smallest_read = 16 * 1024;
// Below this a copy into the queue is cheaper than a system call of its own, if there may be more for the same peer:
// the queue is flushed once per turn.
constexpr std::size_t direct_from = 8 * 1024;
// If there will be none, small runs still wait: whoever else is ready is read first, and then all are sent.
constexpr std::size_t last_direct_from = 2 * 1024;
constexpr std::size_t parts_per_send = 16;
// Pings and pongs: 100 a second for five seconds, then it is a flood (RELIABILITY B16, B17).
constexpr std::size_t control_burst = 500;
constexpr duration control_time = std::chrono::seconds(5);
// While memory is short: who does not take all that it gets at once makes its source wait.
constexpr watermarks hard_times{.high = smallest_read, .low = 0};

}  // namespace

peer::peer(loop& where, wire::role we_are, std::uint64_t max_message, watermarks marks, peer_owner& owner) noexcept
    : loop_(where),
      owner_(owner),
      decoder_(we_are, max_message),
      queue_(where.chunks),
      marks_(marks),
      heartbeat_(where.wheel, *this),
      control_frames_(control_burst, control_time),
      role_(we_are) {}

peer::~peer() {
  if (attached()) detach();
}

result<> peer::attach(stream& from, std::string rest) {
  auto handed = from.hand_over(*this);
  if (!handed) return handed.error();
  socket_ = std::move(*handed);
  begin(std::move(rest));
  return {};
}

result<> peer::attach(transport socket, std::string rest) {
  if (auto added = loop_.sockets.add(socket.descriptor(), *this); !added) return added;
  socket_ = std::move(socket);
  begin(std::move(rest));
  return {};
}

/// Turns for what came before: behind the handshake, inside the TLS engine; and for what is to be sent.
void peer::begin(std::string rest) {
  if (!rest.empty()) put_aside().rest = std::move(rest);
  if (socket_.tls() != nullptr) may_be_readable_ = true;
  if (may_be_readable_ || waiting_input() != 0) loop_.sockets.make_ready(*this);
  if (!queue_.empty() || socket_.has_unsent()) loop_.sockets.touch(*this);
}

void peer::detach() noexcept {
  assert(!loop_.sockets.in_turn() && "inside a turn no peer ends");
  heartbeat_.stop();
  loop_.sockets.remove(socket_.descriptor(), *this);
  socket_.close();
}

std::size_t peer::on_ready(std::span<char> buffer) {
  if (!attached() || lost_) return 0;
  if (closing_) return discard(buffer);
  auto const total = read(buffer);
  if (heartbeat_.wants_last_look() && !lost_) heartbeat_.looked();
  return total;
}

std::size_t peer::read(std::span<char> buffer) {
  std::size_t total = 0;
  for (int i = 0; i < reads_per_turn; ++i) {
    if (lost_ || !owner_.may_read()) return total;  // the edge stays remembered
    auto const room = std::clamp(owner_.read_room(), smallest_read, buffer.size());
    if (waiting_input() != 0) {
      total += read_rest(buffer.first(room));
      continue;
    }
    if (!may_be_readable_) return total;
    auto const read = socket_.receive(buffer.first(room));
    if (read.what == io_result::kind::closed || read.what == io_result::kind::failed) {
      lost(read.cause);
      return total;
    }
    if (read.what == io_result::kind::ok) {
      total += read.bytes;
      bytes_in_ += read.bytes;
      owner_.on_bytes(buffer.first(read.bytes));
    }
    if (socket_.has_unsent()) loop_.sockets.touch(*this);
    // A short read means that nothing is left, unless the end of input lies behind it.
    if (read.drained && (!hung_up_ || read.what == io_result::kind::would_block)) {
      may_be_readable_ = false;
      if (waiting_input() == 0) return total;
    } else if (read.what == io_result::kind::would_block) {
      total += read.bytes;
      break;  // TLS talks to itself
    }
  }
  loop_.sockets.make_ready(*this);  // the others first
  return total;
}

std::size_t peer::read_rest(std::span<char> buffer) {
  auto& rest = aside_->rest;
  auto const n = std::min(rest.size(), buffer.size());
  std::memcpy(buffer.data(), rest.data(), n);
  rest.erase(0, n);
  if (rest.empty()) drop_rest();
  bytes_in_ += n;
  owner_.on_bytes(buffer.first(n));
  return n;
}

void peer::put_back(std::span<char const> bytes) {
  if (bytes.empty()) return;
  auto& rest = put_aside().rest;
  rest.insert(rest.begin(), bytes.begin(), bytes.end());
  bytes_in_ -= bytes.size();
}

std::size_t peer::discard(std::span<char> buffer) {
  drop_rest();
  std::size_t total = 0;
  for (int i = 0; i < reads_per_turn; ++i) {
    auto const read = socket_.receive(buffer);
    total += read.bytes;
    if (read.what == io_result::kind::closed || read.what == io_result::kind::failed) {
      lost(read.cause);
      return total;
    }
    if (read.drained && (!hung_up_ || read.what == io_result::kind::would_block)) {
      may_be_readable_ = false;
      return total;
    }
  }
  loop_.sockets.make_ready(*this);
  return total;
}

wire::event peer::next(std::span<char>& bytes) {
  auto e = decoder_.next(bytes);
  while (e.what == wire::event::kind::control && takes_for_itself(e)) e = decoder_.next(bytes);
  return e;
}

/// Pings and pongs that the owner need not see. Too many become a violation, which it must.
bool peer::takes_for_itself(wire::event& control) {
  if (control.op == wire::opcode::close) return false;
  if (!control_frames_.admit(loop_.wheel.now())) {
    control = {
        .what = wire::event::kind::violation, .code = wire::close_code::flood, .reason = "too many pings or pongs"};
    return false;
  }
  std::string_view const text(control.payload.data(), control.payload.size());
  if (control.op == wire::opcode::pong && heartbeat_.is_ours(text)) {
    if (auto const took = heartbeat_.round_trip(text)) owner_.on_round_trip(*took);
    return true;
  }
  if (passes_control_) return false;
  if (control.op == wire::opcode::ping) answer_ping(control.payload);
  return true;
}

void peer::answer_ping(std::span<char const> payload) {
  std::string_view const text(payload.data(), payload.size());
  if (may_be_writable_ && !congested_) {
    send_message(wire::opcode::pong, text);
    return;
  }
  // Nobody reads: one pong, for the latest ping, is all that we keep.
  auto const key = loop_.keys.next();
  put_aside().owed_pong = wire::make_frame(wire::opcode::pong, text, role_ == wire::role::client ? &key : nullptr);
}

peer::aside& peer::put_aside() {
  if (!aside_) aside_ = std::make_unique<aside>();
  return *aside_;
}

std::string peer::take_owed_pong() {
  if (!aside_) return {};
  auto taken = std::exchange(aside_->owed_pong, {});
  if (aside_->rest.empty()) aside_.reset();
  return taken;
}

void peer::drop_rest() noexcept {
  if (!aside_) return;
  aside_->rest = {};
  if (aside_->owed_pong.empty()) aside_.reset();
}

std::size_t peer::send_directly(std::string_view run, bool last) {
  if (!attached() || lost_ || close_sent_ || !may_be_writable_) return 0;
  if (run.size() < (last ? last_direct_from : direct_from)) return 0;
  std::array<iovec, parts_per_send> parts;
  auto used = queue_.gather(std::span(parts).first(parts_per_send - 1));
  std::size_t queued = 0;
  for (std::size_t i = 0; i < used; ++i) queued += parts[i].iov_len;
  if (queued != queue_.size()) return 0;  // more chunks wait than one call takes
  parts[used++] = {const_cast<char*>(run.data()), run.size()};

  auto const scratch = socket_.tls() != nullptr ? loop_.cipher_scratch() : std::span<char>{};
  auto const sent = socket_.send(std::span(parts).first(used), scratch);
  if (sent.blocked) may_be_writable_ = false;
  if (sent.what == io_result::kind::failed) {
    lost(sent.cause);
    return 0;
  }
  bytes_out_ += sent.bytes;
  auto const from_queue = std::min(sent.bytes, queued);
  queue_.sent(from_queue);
  if (socket_.has_unsent()) loop_.sockets.touch(*this);
  return sent.bytes - from_queue;
}

void peer::queue(std::string_view frames) {
  if (lost_ || close_sent_ || frames.empty()) return;
  queue_.append(frames);
  note_size();
  if (attached()) loop_.sockets.touch(*this);
}

void peer::send(std::string_view frames, bool last) {
  queue(frames.substr(send_directly(frames, last)));
}

void peer::send_message(wire::opcode op, std::string_view payload) {
  auto const key = loop_.keys.next();
  queue(wire::make_frame(op, payload, role_ == wire::role::client ? &key : nullptr));
}

watermarks peer::marks() const noexcept {
  return loop_.memory_is_short ? hard_times : marks_;
}

void peer::bounds_changed() {
  note_size();
  if (attached()) loop_.sockets.touch(*this);
}

void peer::note_size() {
  if (congested_ || queue_.size() <= marks().high) return;
  congested_ = true;
  heartbeat_.output_congested();
}

std::size_t peer::room() const noexcept {
  auto const waiting = queue_.size();
  auto const [high, low] = marks();
  if (waiting <= low && !loop_.memory_is_short) return poller::read_buffer_size;
  return high > waiting ? high - waiting : 0;
}

void peer::send_close(wire::close_code code, std::string_view reason) {
  if (lost_ || close_sent_) return;
  send_message(wire::opcode::close, wire::make_close_payload(code, reason, role_));
  close_sent_ = true;
  take_owed_pong();
}

void peer::on_flush() {
  if (!attached() || lost_) return;
  while (may_be_writable_ && (!queue_.empty() || socket_.has_unsent() || owes_pong())) {
    if (queue_.empty() && owes_pong()) queue_.append(take_owed_pong());
    std::array<iovec, parts_per_send> parts;
    auto const used = queue_.gather(parts);
    auto const scratch = socket_.tls() != nullptr ? loop_.cipher_scratch() : std::span<char>{};
    auto const sent = socket_.send(std::span(parts).first(used), scratch);
    if (sent.what == io_result::kind::failed) {
      lost(sent.cause);
      return;
    }
    bytes_out_ += sent.bytes;
    queue_.sent(sent.bytes);
    if (sent.blocked) may_be_writable_ = false;
  }
  if (congested_ && queue_.size() <= marks().low) {
    congested_ = false;
    if (!closing_) owner_.on_drained();
  }
  if (changed_ != nullptr) changed_->set();
}

void peer::resume_reading() {
  if (attached() && !lost_ && (may_be_readable_ || waiting_input() != 0)) loop_.sockets.make_ready(*this);
}

void peer::lost(std::error_code cause) {
  if (lost_) return;
  lost_ = true;
  if (changed_ != nullptr) changed_->set();
  if (!closing_) owner_.on_lost(cause);
}

awaitable<void> peer::close(wire::close_code code, std::string reason, duration patience) {
  if (!attached()) co_return;
  heartbeat_.stop();
  closing_ = true;
  co_await closing_handshake(code, std::move(reason), patience);
  detach();  // the queue stays: it knows which message was the last that was handed over
}

awaitable<void> peer::closing_handshake(wire::close_code code, std::string reason, duration patience) {
  if (lost_) co_return;
  event changed(loop_.where());
  timer limit(
      loop_.wheel, [](void* self) { static_cast<peer*>(self)->lost(std::make_error_code(std::errc::timed_out)); },
      this);
  changed_ = &changed;
  limit.start(patience);
  if (code != wire::close_code::none) send_close(code, reason);
  close_sent_ = true;
  take_owed_pong();
  loop_.sockets.touch(*this);
  while (!lost_ && (!queue_.empty() || socket_.has_unsent())) {
    changed.clear();
    co_await changed.wait();
  }
  if (!lost_) {
    socket_.shut_down_send(socket_.tls() != nullptr ? loop_.cipher_scratch() : std::span<char>{});
    resume_reading();
    while (!lost_) {
      changed.clear();
      co_await changed.wait();
    }
  }
  changed_ = nullptr;
}

}  // namespace gw::net
