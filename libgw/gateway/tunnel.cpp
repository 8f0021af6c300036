#include "gateway/tunnel.hpp"

#include "core/log.hpp"
#include "gateway/worker.hpp"
#include "wire/mask.hpp"
#include "wire/relay.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace gw::gateway {
namespace {

constexpr duration patience_with_clients = std::chrono::seconds(5);
// How long a client that got our Close may go on talking.
constexpr duration patience_with_goodbyes = std::chrono::seconds(5);
// Also for clients that take nothing, or show no life.
constexpr duration patience_with_upstreams = std::chrono::milliseconds(500);

net::queue_marks marks_of(config::watermarks const& w) noexcept {
  return {w.high, w.low};
}

std::string_view view(std::span<char const> bytes) noexcept {
  return {bytes.data(), bytes.size()};
}

/// A Close that came without a code is passed on without one.
wire::close_code passed_on(wire::close_code came) noexcept {
  return came == wire::close_code::no_status ? wire::close_code::abnormal : came;
}

}  // namespace

tunnel::tunnel(worker& where, client_facts facts, route::handshake_route const& by, dialled upstream)
    : worker_(where),
      facts_(std::move(facts)),
      route_(by.id),
      service_(by.service),
      dialled_(std::move(upstream)),
      opened_(where.loop().wheel.now()),
      client_(*this, wire::role::server, where.settings().session.max_message,
              marks_of(where.settings().session.queue)),
      upstream_(*this, wire::role::client, where.settings().services[by.service].channel.max_message,
                marks_of(where.settings().services[by.service].channel.queue)),
      ended_(where.loop().where()),
      goodbye_(where.loop().wheel, on_goodbye_over, this),
      idle_(where.loop().wheel, activity, on_idle, this),
      life_(where.loop().wheel, on_life_over, this) {
  client_.other = &upstream_;
  upstream_.other = &client_;
  worker_.enter(*this);
  worker_.stats().of_service[service_].channels.add();
}

tunnel::~tunnel() {
  worker_.stats().of_service[service_].channels.subtract();
  worker_.leave(*this);
}

// --- 1. life ---

net::awaitable<void> tunnel::run(net::transport client, std::string rest) {
  log_open();
  auto const& session = worker_.settings().session;
  auto const& channel = worker_.settings().services[service_].channel;
  auto attached = client_.peer.attach(std::move(client), std::move(rest));
  if (attached) attached = upstream_.peer.attach(std::move(dialled_.socket), std::move(dialled_.rest));
  if (attached) {
    client_.peer.watch(
        {.ping_interval = session.ping_interval, .pong_timeout = session.pong_timeout, .stall = session.stall});
    upstream_.peer.watch({.ping_interval = channel.ping_interval, .pong_timeout = channel.pong_timeout});
    idle_.start(session.idle_timeout);
    if (session.max_life.count() != 0) {
      life_.start(session.max_life - session.max_life * client_.peer.any_byte() / 2560);
    }
    co_await ended_.wait();
  } else {
    end({.reason = describe(attached.error())});
  }
  net::task_group closing(worker_.loop().where());
  closing.spawn(upstream_.peer.close(to_upstream_, upstream_reason_, patience_with_upstreams));
  auto const patience = hears_us(end_->code) ? patience_with_clients : patience_with_upstreams;
  co_await client_.peer.close(end_->code, end_->reason, patience);
  co_await closing.join();
  auto const lived = std::chrono::duration_cast<std::chrono::seconds>(worker_.loop().wheel.now() - opened_);
  worker_.stats().session_closed(end_->by, end_->code, lived);
  log_close();
}

void tunnel::finish(session_end why, wire::close_code to_upstream, std::string upstream_reason) {
  if (end_) return;
  end_ = std::move(why);
  to_upstream_ = to_upstream;
  upstream_reason_ = std::move(upstream_reason);
  ended_.set();
}

void tunnel::end(session_end why) {
  finish(std::move(why), wire::close_code::going_away, {});
}

void tunnel::drain(std::string reason) {
  if (end_ || drained_) return;
  drained_ = std::move(reason);
  goodbye_.start(patience_with_goodbyes);
  if (!upstream_.peer.inside_message()) say_goodbye();
}

void tunnel::say_goodbye() {
  client_.peer.send_close(wire::close_code::service_restart, *drained_);
  said_goodbye_ = true;
  goodbye_.start(patience_with_goodbyes);
}

void tunnel::on_goodbye_over(void* self) {
  auto& t = *static_cast<tunnel*>(self);
  t.finish({initiator::gateway, wire::close_code::service_restart, *t.drained_}, wire::close_code::service_restart, {});
}

std::uint64_t tunnel::activity(void const* self) {
  auto const& t = *static_cast<tunnel const*>(self);
  bool const inside_a_message = t.client_.peer.inside_message() || t.upstream_.peer.inside_message();
  return t.client_.messages + t.upstream_.messages +
         (inside_a_message ? t.client_.peer.bytes_in() + t.upstream_.peer.bytes_in() : 0);
}

void tunnel::on_idle(void* self) {
  static_cast<tunnel*>(self)->end({initiator::gateway, wire::close_code::no_life, "idle"});
}

void tunnel::on_life_over(void* self) {
  static_cast<tunnel*>(self)->end({initiator::gateway, wire::close_code::maximum_life, "maximum life"});
}

std::size_t tunnel::held_bytes() const noexcept {
  return client_.peer.output().size() + upstream_.peer.output().size();
}

// --- 2. one side ---

tunnel::side::side(tunnel& of, wire::role we_are, std::uint64_t max_message, net::queue_marks marks)
    : peer(of.worker_.loop(), we_are, max_message, marks, *this), tunnel_(of), role_(we_are) {
  peer.pass_control_frames();
}

bool tunnel::side::is_client() const noexcept {
  return role_ == wire::role::server;
}

bool tunnel::side::may_read() const {
  return !tunnel_.end_ && !other->peer.congested();
}

std::size_t tunnel::side::read_room() const {
  auto const waiting = other->peer.output().size();
  auto const [high, low] = other->peer.marks();
  if (waiting <= low) return net::poller::read_buffer_size;
  return high > waiting ? high - waiting : 0;
}

void tunnel::side::on_drained() {
  other->peer.resume_reading();
}

void tunnel::side::on_bytes(std::span<char> bytes) {
  while (!tunnel_.end_) {
    auto const e = peer.next(bytes);
    if (e.what == wire::event::kind::none) return;
    relay(e);
  }
}

void tunnel::side::relay(wire::event const& e) {
  switch (e.what) {
    case wire::event::kind::none:
      return;
    case wire::event::kind::message: {
      count(e.payload.size(), true);
      auto const frame =
          is_client() ? wire::remask_in_place(e, tunnel_.worker_.loop().keys.next()) : wire::unmasked_in_place(e);
      return other->peer.send(view(frame));
    }
    case wire::event::kind::piece:
      return relay_piece(e);
    case wire::event::kind::control:
      return relay_control(e);
    case wire::event::kind::violation: {
      // Who broke the protocol is told how; the other side learns as much.
      auto const by = is_client() ? initiator::client : initiator::upstream;
      return tunnel_.finish({by, e.code, std::string(e.reason)}, e.code, std::string(e.reason));
    }
  }
}

void tunnel::side::count(std::size_t bytes, bool whole) {
  auto& counts = tunnel_.worker_.stats().of_service[tunnel_.service_];
  if (whole) ++messages;
  (is_client() ? counts.messages_up : counts.messages_down).add(whole ? 1 : 0);
  (is_client() ? counts.bytes_up : counts.bytes_down).add(bytes);
}

void tunnel::side::relay_piece(wire::event const& piece) {
  count(piece.payload.size(), piece.last);
  bool const masked = is_client();
  auto const key = masked ? tunnel_.worker_.loop().keys.next() : wire::mask_key{};
  std::array<char, wire::max_header_size> header;
  auto const size = wire::write_header({.fin = piece.last,
                                        .op = piece.first ? piece.op : wire::opcode::continuation,
                                        .masked = masked,
                                        .key = key,
                                        .length = piece.payload.size()},
                                       header.data());
  if (masked) wire::apply_mask(piece.payload, key);
  other->peer.queue({header.data(), size});
  other->peer.send(view(piece.payload));
  if (piece.last && !is_client() && tunnel_.drained_ && !tunnel_.said_goodbye_) tunnel_.say_goodbye();
}

void tunnel::side::relay_control(wire::event const& control) {
  if (control.op != wire::opcode::close) return other->peer.send_message(control.op, view(control.payload));
  if (is_client() && tunnel_.said_goodbye_) return on_goodbye_over(&tunnel_);
  auto const code = passed_on(control.code);
  auto const by = is_client() ? initiator::client : initiator::upstream;
  tunnel_.finish({by, code, std::string(control.reason)}, code, std::string(control.reason));
}

void tunnel::side::on_lost(std::error_code cause) {
  auto const why = cause ? cause.message() : "closed without a Close";
  if (is_client()) {
    return tunnel_.finish({initiator::client, wire::close_code::abnormal, why}, wire::close_code::going_away, {});
  }
  tunnel_.finish({initiator::upstream, wire::close_code::bad_gateway, "upstream lost"}, wire::close_code::none, {});
}

void tunnel::side::on_silent() {
  auto& stats = tunnel_.worker_.stats();
  if (is_client()) {
    stats.silent_clients.add();
    return tunnel_.end({initiator::gateway, wire::close_code::no_life, "no sign of life"});
  }
  stats.of_service[tunnel_.service_].silent_upstreams.add();
  report(tunnel_.worker_, tunnel_.service_, tunnel_.dialled_.instance, cluster::trouble::heartbeat_lost);
  tunnel_.finish({initiator::upstream, wire::close_code::bad_gateway, "upstream lost"}, wire::close_code::none, {});
}

void tunnel::side::on_round_trip(duration) {
  if (!is_client()) tunnel_.worker_.pool_of(tunnel_.service_).proved(tunnel_.dialled_.instance);
}

void tunnel::side::on_stalled() {
  tunnel_.end({initiator::gateway, wire::close_code::slow_consumer, "slow consumer"});
}

// --- 3. log ---

void tunnel::log_open() const {
  log::access("session_open", {{"conn", facts_.conn},
                               {"client", facts_.address},
                               {"listener", facts_.listener},
                               {"route", route_},
                               {"trace", facts_.trace()}});
}

void tunnel::log_close() const {
  auto const lived = std::chrono::duration<double>(worker_.loop().wheel.now() - opened_).count();
  log::access("session_close", {{"conn", facts_.conn},
                                {"client", facts_.address},
                                {"route", route_},
                                {"by", name_of(end_->by)},
                                {"code", static_cast<std::uint64_t>(end_->code)},
                                {"reason", end_->reason},
                                {"duration_s", lived},
                                {"messages_in", client_.messages},
                                {"messages_out", upstream_.messages},
                                {"bytes_in", client_.peer.bytes_in()},
                                {"bytes_out", client_.peer.bytes_out()},
                                {"trace", facts_.trace()}});
}

}  // namespace gw::gateway
