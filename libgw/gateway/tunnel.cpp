#include "gateway/tunnel.hpp"

#include "core/log.hpp"
#include "core/view.hpp"
#include "gateway/worker.hpp"
#include "net/task_group.hpp"
#include "wire/relay.hpp"

#include <utility>

namespace gw::gateway {
namespace {

constexpr duration patience_with_upstreams = std::chrono::milliseconds(500);

/// A Close that came without a code is passed on without one.
wire::close_code passed_on(wire::close_code came) noexcept {
  return came == wire::close_code::no_status ? wire::close_code::abnormal : came;
}

}  // namespace

tunnel::tunnel(worker& where, client_facts facts, route::handshake_route const& by, dialled upstream)
    : conversation(where, std::move(facts)),
      route_(by.id),
      service_(by.service),
      dialled_(std::move(upstream)),
      client_(*this, wire::role::server, where.settings().session.max_message, where.settings().session.queue),
      upstream_(*this, wire::role::client, where.settings().services[by.service].channel.max_message,
                where.settings().services[by.service].channel.queue) {
  client_.other = &upstream_;
  upstream_.other = &client_;
  worker_.stats().of_service[service_].channels.add();
}

tunnel::~tunnel() {
  worker_.stats().of_service[service_].channels.subtract();
}

// --- 1. life ---

result<> tunnel::attach(net::stream& connection, std::string rest) {
  auto attached = client_.peer.attach(connection, std::move(rest));
  if (attached) attached = upstream_.peer.attach(*dialled_.connection, std::move(dialled_.rest));
  if (!attached) return attached;
  dialled_.connection.reset();
  auto const& channel = worker_.settings().services[service_].channel;
  upstream_.peer.watch({.ping_interval = channel.ping_interval, .pong_timeout = channel.pong_timeout});
  return {};
}

net::awaitable<void> tunnel::tear_down() {
  auto const code = was_drained() ? wire::close_code::service_restart : to_upstream_;
  net::task_group closing(worker_.loop().where());
  closing.spawn(upstream_.peer.close(code, upstream_reason_, patience_with(upstream_.peer, patience_with_upstreams)));
  co_await close_client();
  co_await closing.join();
}

void tunnel::finish(session_end why, wire::close_code to_upstream, std::string upstream_reason) {
  if (ending()) return;
  to_upstream_ = to_upstream;
  upstream_reason_ = std::move(upstream_reason);
  end(std::move(why));
}

std::uint64_t tunnel::activity() const noexcept {
  bool const inside_a_message = client_.peer.inside_message() || upstream_.peer.inside_message();
  return client_.messages + upstream_.messages +
         (inside_a_message ? client_.peer.bytes_in() + upstream_.peer.bytes_in() : 0);
}

std::size_t tunnel::held_bytes() const noexcept {
  return client_.peer.output().size() + upstream_.peer.output().size();
}

void tunnel::bounds_changed() {
  client_.peer.bounds_changed();
  upstream_.peer.bounds_changed();
}

// --- 2. one side ---

tunnel::side::side(tunnel& of, wire::role we_are, std::uint64_t max_message, watermarks marks)
    : peer(of.worker_.loop(), we_are, max_message, marks, *this), tunnel_(of), role_(we_are) {
  peer.pass_control_frames();
}

bool tunnel::side::is_client() const noexcept {
  return role_ == wire::role::server;
}

bool tunnel::side::may_read() const {
  return !tunnel_.ending() && !other->peer.congested();
}

std::size_t tunnel::side::read_room() const {
  return other->peer.room();
}

void tunnel::side::on_drained() {
  other->peer.resume_reading();
}

void tunnel::side::on_bytes(std::span<char> bytes) {
  while (!tunnel_.ending()) {
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
  auto const key = is_client() ? tunnel_.worker_.loop().keys.next() : wire::mask_key{};
  auto const frame = wire::frame_piece(piece.payload, {.op = piece.op, .first = piece.first, .last = piece.last},
                                       is_client() ? &key : nullptr);
  other->peer.queue(frame.header());
  other->peer.send(frame.payload());
  if (piece.last && !is_client()) tunnel_.message_to_client_ended();
}

void tunnel::side::relay_control(wire::event const& control) {
  if (control.op != wire::opcode::close) return other->peer.send_message(control.op, view(control.payload));
  if (is_client() && tunnel_.said_goodbye()) return tunnel_.leave();
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
  log::access("session_close", {{"conn", facts_.conn},
                                {"client", facts_.address},
                                {"route", route_},
                                {"by", name_of(why().by)},
                                {"code", static_cast<std::uint64_t>(why().code)},
                                {"reason", why().reason},
                                {"duration_s", lived_s()},
                                {"messages_in", client_.messages},
                                {"messages_out", upstream_.messages},
                                {"bytes_in", client_.peer.bytes_in()},
                                {"bytes_out", client_.peer.bytes_out()},
                                {"trace", facts_.trace()}});
}

}  // namespace gw::gateway
