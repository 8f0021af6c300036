// The life of a session from its 101 to its last log line: clocks, farewells, teardown. What it does with messages
// stands in session.cpp.
#include "core/log.hpp"
#include "gateway/channel.hpp"
#include "gateway/session.hpp"
#include "gateway/upload.hpp"
#include "gateway/worker.hpp"
#include "wire/control_message.hpp"

#include <algorithm>
#include <utility>

namespace gw::gateway {
namespace {

constexpr duration patience_with_clients = std::chrono::seconds(5);
constexpr duration patience_with_the_drained = std::chrono::seconds(2);
// Who takes nothing, or shows no life, does not get long to take our Close.
constexpr duration patience_with_the_deaf = std::chrono::milliseconds(500);
// How long a client that got our Close may go on talking.
constexpr duration patience_with_goodbyes = std::chrono::seconds(5);

net::queue_marks marks_of(config::watermarks const& w) noexcept {
  return {w.high, w.low};
}

}  // namespace

session::session(worker& where, client_facts facts)
    : worker_(where),
      facts_(std::move(facts)),
      opened_(where.loop().wheel.now()),
      client_(where.loop(), wire::role::server, where.settings().session.max_message,
              marks_of(where.settings().session.queue), *this),
      ended_(where.loop().where()),
      channels_running_(where.loop().where()),
      answers_(where.loop(), client_, facts_, where.stats()),
      bad_messages_(where.settings().session.bad_messages.count, where.settings().session.bad_messages.per),
      goodbye_(where.loop().wheel, on_goodbye_over, this),
      idle_(where.loop().wheel, activity, on_idle, this),
      life_(where.loop().wheel, on_life_over, this) {
  where.enter(*this);
}

session::~session() {
  worker_.leave(*this);
}

// --- 1. life ---

net::awaitable<void> session::run(net::transport socket, std::string rest) {
  log_open();
  if (auto attached = client_.attach(std::move(socket), std::move(rest)); attached) {
    start_clocks();
    co_await ended_.wait();
  } else {
    end({.reason = describe(attached.error())});
  }
  co_await tear_down();
  auto const lived = std::chrono::duration_cast<std::chrono::seconds>(worker_.loop().wheel.now() - opened_);
  worker_.stats().session_closed(end_->by, end_->code, lived);
  log_close();
}

net::awaitable<void> session::tear_down() {
  // Their coroutines flush what was accepted and close, while we close toward the client. A drain is no client's doing.
  bool const drained = end_->by == initiator::gateway && end_->code == wire::close_code::service_restart;
  auto const code = drained ? wire::close_code::service_restart : wire::close_code::going_away;
  for (auto const channels = std::exchange(channels_, {}); auto const& c : channels) c.to->end({.code = code});
  auto const patience = !hears_us(end_->code) ? patience_with_the_deaf
                        : drained             ? patience_with_the_drained
                                              : patience_with_clients;
  co_await client_.close(end_->code, end_->reason, patience);
  co_await channels_running_.join();
}

void session::end(session_end why) {
  if (ending()) return;
  end_ = std::move(why);
  ended_.set();
}

void session::on_lost(std::error_code cause) {
  end({initiator::client, wire::close_code::abnormal, cause ? cause.message() : "closed without a Close"});
}

void session::on_silent() {
  worker_.stats().silent_clients.add();
  end({initiator::gateway, wire::close_code::no_life, "no sign of life"});
}

void session::on_stalled() {
  end({initiator::gateway, wire::close_code::slow_consumer, "slow consumer"});
}

void session::start_clocks() {
  auto const& s = worker_.settings().session;
  client_.watch({.ping_interval = s.ping_interval, .pong_timeout = s.pong_timeout, .stall = s.stall});
  idle_.start(s.idle_timeout);
  // Up to a tenth less, so that a fleet does not come back in one instant.
  if (s.max_life.count() != 0) life_.start(s.max_life - s.max_life * client_.any_byte() / 2560);
  if (!facts_.control()) return;
  answers_.say(wire::make_hello({.conn = facts_.conn,
                                 .max_message = s.max_message,
                                 .max_channels = s.max_channels,
                                 .ping_interval = s.ping_interval}));
}

std::uint64_t session::activity(void const* self) {
  auto const& s = *static_cast<session const*>(self);
  bool const inside_a_message = s.owner_ != nullptr || s.upload_ != nullptr;
  return s.seq_ + s.messages_out_ + (inside_a_message ? s.client_.bytes_in() + s.client_.bytes_out() : 0);
}

void session::on_idle(void* self) {
  static_cast<session*>(self)->end({initiator::gateway, wire::close_code::no_life, "idle"});
}

void session::on_life_over(void* self) {
  static_cast<session*>(self)->end({initiator::gateway, wire::close_code::maximum_life, "maximum life"});
}

// --- 2. leaving with good manners ---

void session::announce_drain(std::chrono::milliseconds within) {
  if (facts_.control() && !ending()) answers_.say(wire::make_goaway(within, within, "drain"));
}

void session::drain(std::string reason) {
  if (ending() || drained_) return;
  drained_ = std::move(reason);
  goodbye_.start(patience_with_goodbyes);
  if (owner_ == nullptr) say_goodbye();
}

void session::say_goodbye() {
  client_.send_close(wire::close_code::service_restart, *drained_);
  said_goodbye_ = true;
  goodbye_.start(patience_with_goodbyes);
}

void session::on_goodbye_over(void* self) {
  auto& s = *static_cast<session*>(self);
  s.end({initiator::gateway, wire::close_code::service_restart, *s.drained_});
}

// --- 3. log ---

void session::account(channel const& gone) {
  auto& t = traffic_[gone.service()];
  t.up += gone.accepted();
  t.down += gone.received();
  t.last_handed = std::max(t.last_handed, gone.last_handed());
}

std::uint64_t session::last_handed(std::uint32_t service) const noexcept {
  auto last = traffic_[service].last_handed;
  for (auto const& c : channels_) {
    if (c.service == service) last = std::max(last, c.to->last_handed());
  }
  return last;
}

std::string session::traffic_text() const {
  std::string text;
  for (std::uint32_t i = 0; i < traffic_.size(); ++i) {
    if (traffic_[i].epoch == 0) continue;
    text.append(text.empty() ? "" : " ").append(worker_.settings().services[i].name);
    text.append("=").append(std::to_string(traffic_[i].up)).append("/").append(std::to_string(traffic_[i].down));
  }
  return text;
}

void session::log_open() const {
  log::access("session_open", {{"conn", facts_.conn},
                               {"client", facts_.address},
                               {"listener", facts_.listener},
                               {"user", facts_.user},
                               {"trace", facts_.trace()}});
}

void session::log_close() const {
  auto const lived = std::chrono::duration<double>(worker_.loop().wheel.now() - opened_).count();
  log::access("session_close", {{"conn", facts_.conn},
                                {"client", facts_.address},
                                {"by", name_of(end_->by)},
                                {"code", static_cast<std::uint64_t>(end_->code)},
                                {"reason", end_->reason},
                                {"duration_s", lived},
                                {"messages_in", seq_},
                                {"messages_out", messages_out_},
                                {"refused", refused_},
                                {"bytes_in", client_.bytes_in()},
                                {"bytes_out", client_.bytes_out()},
                                {"messages_up_down", traffic_text()},
                                {"trace", facts_.trace()}});
}

}  // namespace gw::gateway
