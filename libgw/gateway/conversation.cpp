#include "gateway/conversation.hpp"

#include "core/log.hpp"
#include "gateway/worker.hpp"

#include <exception>
#include <utility>

namespace gw::gateway {
namespace {

constexpr duration patience_with_clients = std::chrono::seconds(5);
constexpr duration patience_with_the_drained = std::chrono::seconds(2);
// Who takes nothing, or shows no life, does not get long to take our Close.
constexpr duration patience_with_the_deaf = std::chrono::milliseconds(500);
// How long a client that got our Close may go on talking.
constexpr duration patience_with_goodbyes = std::chrono::seconds(5);

bool is_deaf(wire::close_code code) noexcept {
  return code == wire::close_code::slow_consumer || code == wire::close_code::try_again_later ||
         code == wire::close_code::no_life;
}

}  // namespace

conversation::conversation(worker& where, client_facts facts)
    : worker_(where), facts_(std::move(facts)), opened_(where.loop().wheel.now()) {
  worker_.enter(*this);
}

conversation::~conversation() {
  worker_.leave(*this);
}

void conversation::begin(std::unique_ptr<conversation> who, net::stream& connection, std::string rest) {
  auto& c = *who.release();  // finish() takes it again
  try {
    c.open(connection, std::move(rest));
  } catch (std::exception const& fault) {
    log::event(log::level::error, "session_failed", {{"conn", c.facts_.conn}, {"err", std::string_view(fault.what())}});
    c.end({initiator::gateway, wire::close_code::internal_error, "internal fault"});
  }
}

void conversation::open(net::stream& connection, std::string rest) {
  log_open();
  if (auto const attached = attach(connection, std::move(rest)); !attached) {
    return end({.reason = describe(attached.error())});
  }
  start_clocks();
  greet();
  if (worker_.stopping()) drain(worker_.last_words());
}

void conversation::end(session_end why) noexcept {
  if (ending()) return;
  end_ = std::move(why);
  worker_.spawn(finish(std::unique_ptr<conversation>(this)));
}

net::awaitable<void> conversation::finish(std::unique_ptr<conversation> owned) {
  auto& c = *owned;
  try {
    co_await c.tear_down();
  } catch (...) {
    std::terminate();  // what hangs on it would outlive it
  }
  auto const lived = std::chrono::duration_cast<std::chrono::seconds>(c.worker_.loop().wheel.now() - c.opened_);
  c.worker_.stats().session_closed(c.end_->by, c.end_->code, lived);
  c.log_close();
}

void conversation::start_clocks() {
  auto const& s = worker_.settings().session;
  auto& wheel = worker_.loop().wheel;
  client().watch({.ping_interval = s.ping_interval, .pong_timeout = s.pong_timeout, .stall = s.stall});

  auto const happened = [](void const* self) { return static_cast<conversation const*>(self)->activity(); };
  auto const idle = [](void* self) {
    static_cast<conversation*>(self)->end({initiator::gateway, wire::close_code::no_life, "idle"});
  };
  idle_.start(wheel, s.idle_timeout, {.happened = happened, .idle = idle, .owner = this});

  if (s.max_life.count() == 0) return;
  auto const over = [](void* self) {
    static_cast<conversation*>(self)->end({initiator::gateway, wire::close_code::maximum_life, "maximum life"});
  };
  life_ = std::make_unique<net::timer>(wheel, over, this);
  // Up to a tenth less, so that a fleet does not come back in one instant.
  life_->start(s.max_life - s.max_life * client().any_byte() / 2560);
}

// --- leaving with good manners ---

conversation::farewell::farewell(conversation& of, std::string why)
    : reason(std::move(why)),
      patience(
          of.worker_.loop().wheel, [](void* self) { static_cast<conversation*>(self)->leave(); }, &of) {}

void conversation::drain(std::string reason) {
  if (ending() || farewell_) return;
  farewell_ = std::make_unique<farewell>(*this, std::move(reason));
  farewell_->patience.start(patience_with_goodbyes);
  if (!inside_message_to_client()) say_goodbye();
}

void conversation::message_to_client_ended() {
  if (farewell_ && !farewell_->said) say_goodbye();
}

void conversation::say_goodbye() {
  client().send_close(wire::close_code::service_restart, farewell_->reason);
  farewell_->said = true;
  farewell_->patience.start(patience_with_goodbyes);
}

void conversation::leave() {
  end({initiator::gateway, wire::close_code::service_restart, farewell_->reason});
}

bool conversation::was_drained() const noexcept {
  return end_->by == initiator::gateway && end_->code == wire::close_code::service_restart;
}

duration conversation::patience_with(net::peer const& of, duration usual) const noexcept {
  bool const was_shed = end_ && end_->code == wire::close_code::try_again_later;
  return was_shed && of.congested() ? duration::zero() : usual;
}

net::awaitable<void> conversation::close_client() {
  auto const patience = is_deaf(end_->code) ? patience_with_the_deaf
                        : was_drained()     ? patience_with_the_drained
                                            : patience_with_clients;
  return client().close(end_->code, end_->reason, patience_with(client(), patience));
}

double conversation::lived_s() const {
  return std::chrono::duration<double>(worker_.loop().wheel.now() - opened_).count();
}

}  // namespace gw::gateway
