#include "gateway/channel.hpp"

#include "core/log.hpp"
#include "core/view.hpp"
#include "gateway/download.hpp"
#include "gateway/session.hpp"
#include "gateway/worker.hpp"
#include "wire/relay.hpp"

#include <algorithm>
#include <exception>
#include <utility>

namespace gw::gateway {
namespace {

// After its client is gone nothing of a channel may survive a second.
constexpr duration patience_with_upstreams = std::chrono::milliseconds(500);
// A channel that has paused its session to the limit may not do so again for this long.
constexpr duration pause_rest = std::chrono::seconds(10);

// A channel that breaks within them never worked.
constexpr duration first_moments = std::chrono::seconds(1);

}  // namespace

channel::channel(session& of, std::uint32_t service, std::optional<cluster::instance_id> wanted, std::uint32_t epoch)
    : session_(of),
      worker_(of.where()),
      settings_(worker_.settings().services[service]),
      service_(service),
      wanted_(wanted),
      epoch_(epoch),
      upstream_(worker_.loop(), wire::role::client, settings_.channel.max_message, settings_.channel.queue, *this),
      hurry_(worker_.loop().wheel, on_hurry, this),
      pause_(worker_.loop().wheel, on_pause_over, this),
      idle_(worker_.loop().wheel, activity, on_idle, this) {
  worker_.stats().of_service[service_].channels.add();
}

channel::~channel() {
  if (!ending()) session_.forget(*this);  // an exception ended it
  session_.account(*this);
  worker_.stats().of_service[service_].channels.subtract();
}

std::string_view channel::service_name() const {
  return worker_.name_of(service_);
}

// --- 1. life ---

net::awaitable<void> channel::begin(std::unique_ptr<channel> who) {
  try {
    auto const opened = co_await who->open();
    if (!opened) who->fail(opened.error());
  } catch (std::exception const& fault) {
    who->give_up(fault.what());
  }
  if (!who->open_) co_return;
  if (who->ending()) {
    co_await finish(std::move(who));
  } else {
    who.release()->alone_ = true;  // until its end
  }
}

void channel::fail(error const& why) {
  if (ending()) {
    tell_end();
  } else {
    tell_waiting(why);
  }
  end({channel_end::kind::dial_failed});
}

/// An exception on the way: the client is told.
void channel::give_up(std::string_view why) {
  log::event(log::level::error, "channel_failed", {{"service", service_name()}, {"err", why}});
  if (ending()) return;
  if (open_) return end({channel_end::kind::aborted, wire::close_code::internal_error, "internal fault"});
  tell_waiting({errc::internal, side::gateway, "internal fault", {}});
  end({channel_end::kind::dial_failed});
}

net::awaitable<void> channel::finish(std::unique_ptr<channel> owned) {
  try {
    co_await owned->close();
  } catch (std::exception const& fault) {
    owned->give_up(fault.what());
  }
}

net::awaitable<void> channel::close() {
  judge_instance();
  bool const told_later = upstream_may_still_take();
  if (!told_later) tell_end();
  co_await upstream_.close(end_->code, end_->reason, session_.patience_with(upstream_, patience_with_upstreams));
  if (told_later) tell_end();
}

net::awaitable<result<>> channel::open() {
  if (ending() && !delivers_last_words()) co_return error{errc::closed, side::client, "the client is gone", {}};
  dial_wish wish;
  wish.instance = wanted_;
  wish.still_wanted = [this] { return !ending() || (delivers_last_words() && hurry_.running()); };
  auto dialled = co_await dial(worker_, service_, session_.facts(), dialling_, std::move(wish));
  if (!dialled) co_return dialled.error();
  if (ending() && !delivers_last_words()) co_return error{errc::closed, side::client, "the client is gone", {}};
  hurry_.stop();
  lease_ = std::move(dialled->counted);
  instance_ = dialled->instance;
  opened_at_ = worker_.loop().wheel.now();
  auto attached = upstream_.attach(std::move(dialled->socket), std::move(dialled->rest));
  if (!attached) co_return attached;
  open_ = true;
  upstream_.watch({.ping_interval = settings_.channel.ping_interval, .pong_timeout = settings_.channel.pong_timeout});
  idle_.start(settings_.channel.idle_timeout);
  session_.channel_opened(*this);
  co_return result<>();
}

void channel::end(channel_end why) noexcept {
  if (ending()) return;
  end_ = std::move(why);
  session_.forget(*this);
  if (alone_) return session_.spawn(finish(std::unique_ptr<channel>(this)));
  if (!open_ && delivers_last_words()) {
    hurry_.start(patience_with_upstreams);
  } else if (dialling_ != nullptr) {
    dialling_->close();
  }
}

bool channel::delivers_last_words() const noexcept {
  auto const why = end_->why;
  bool const wanted = why == channel_end::kind::session_over || why == channel_end::kind::asked;
  return wanted && !upstream_.output().empty();
}

/// What waits is still sent in front of our Close: only behind that it is known which message was the last.
bool channel::upstream_may_still_take() const noexcept {
  switch (end_->why) {
    case channel_end::kind::refused_message:
    case channel_end::kind::aborted:
    case channel_end::kind::idle:
    case channel_end::kind::asked:
      return true;
    case channel_end::kind::session_over:
    case channel_end::kind::upstream_closed:
    case channel_end::kind::silent:
    case channel_end::kind::dial_failed:
      return false;
  }
  return false;
}

void channel::on_hurry(void* self) {
  auto& c = *static_cast<channel*>(self);
  if (c.dialling_ != nullptr) c.dialling_->close();
}

void channel::on_lost(std::error_code cause) {
  end({channel_end::kind::upstream_closed, wire::close_code::abnormal, cause ? cause.message() : "connection closed"});
}

void channel::on_silent() {
  worker_.stats().of_service[service_].silent_upstreams.add();
  end({channel_end::kind::silent, wire::close_code::abnormal, "no sign of life"});
}

void channel::on_round_trip(duration took) {
  auto const us = std::chrono::duration_cast<std::chrono::microseconds>(took).count();
  worker_.stats().of_service[service_].round_trips_us.record(static_cast<std::uint64_t>(us));
  worker_.pool_of(service_).proved(instance_);
}

std::uint64_t channel::activity(void const* self) {
  auto const& c = *static_cast<channel const*>(self);
  bool const inside_a_message = c.download_ != nullptr || !c.upstream_.output().empty();
  return c.accepted_ + c.received_ + (inside_a_message ? c.upstream_.bytes_in() + c.upstream_.bytes_out() : 0);
}

void channel::on_idle(void* self) {
  static_cast<channel*>(self)->end({channel_end::kind::idle, wire::close_code::normal, "idle"});
}

/// A connection that breaks at once speaks against its instance, a Close after a while for it; else its end says
/// nothing.
void channel::judge_instance() const {
  if (end_->why == channel_end::kind::silent) {
    return report(worker_, service_, instance_, cluster::trouble::heartbeat_lost);
  }
  if (end_->why != channel_end::kind::upstream_closed) return;
  bool const early = worker_.loop().wheel.now() < opened_at_ + first_moments;
  bool const broke = end_->code == wire::close_code::abnormal;
  if (early && broke) report(worker_, service_, instance_, cluster::trouble::broken_early);
  if (!early && !broke) worker_.pool_of(service_).proved(instance_);
}

// --- 2. client to upstream ---

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
      output.begin_message(seq);
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
    upstream_.output().begin_message(seq);
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

// --- 3. the way back: upstream to client ---

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
