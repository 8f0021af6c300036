// How a session begins and ends, and what the access log says of it. What it does with messages stands in session.cpp.
#include "core/log.hpp"
#include "gateway/channel.hpp"
#include "gateway/session.hpp"
#include "gateway/upload.hpp"
#include "gateway/worker.hpp"
#include "wire/control_message.hpp"

#include <algorithm>
#include <utility>

namespace gw::gateway {

session::session(worker& where, client_facts facts)
    : conversation(where, std::move(facts)),
      client_(where.loop(), wire::role::server, where.settings().session.max_message, where.settings().session.queue,
              *this),
      channel_tasks_(where.loop().where()),
      answers_(where.loop(), client_, facts_, where.stats()),
      bad_messages_(where.settings().session.bad_messages.count, where.settings().session.bad_messages.per) {
  if (facts_.deflate_window != 0) client_.accept_compressed();
}

session::~session() = default;

// --- 1. life ---

result<> session::attach(net::stream& connection, std::string rest) {
  return client_.attach(connection, std::move(rest));
}

void session::greet() {
  if (!facts_.control()) return;
  auto const& s = worker_.settings().session;
  answers_.say(wire::make_hello({.conn = facts_.conn,
                                 .max_message = s.max_message,
                                 .max_channels = s.max_channels,
                                 .ping_interval = s.ping_interval}));
}

void session::announce_drain(std::chrono::milliseconds within) {
  if (facts_.control() && !ending()) answers_.say(wire::make_goaway(within, within, "drain"));
}

std::uint64_t session::activity() const noexcept {
  bool const inside_a_message = owner_ != nullptr || upload_ != nullptr;
  return seq_ + messages_out_ + (inside_a_message ? client_.bytes_in() + client_.bytes_out() : 0);
}

net::awaitable<void> session::tear_down() {
  // Their coroutines flush what was accepted and close, while we close toward the client. A drain is no client's doing.
  auto const code = was_drained() ? wire::close_code::service_restart : wire::close_code::going_away;
  for (auto const channels = std::exchange(channels_, {}); auto const& c : channels) c.to->end({.code = code});
  co_await close_client();
  co_await channel_tasks_.join();
}

// --- 2. what its client's socket tells ---

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

// --- 3. log ---

void session::account(channel const& gone) {
  auto& t = traffic_[gone.service()];
  t.up += gone.accepted();
  t.down += gone.received();
  t.last_handed = std::max(t.last_handed, gone.last_handed());
  --channels_alive_;
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
    text.append(text.empty() ? "" : " ").append(worker_.name_of(i));
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
  log::access("session_close", {{"conn", facts_.conn},
                                {"client", facts_.address},
                                {"by", name_of(why().by)},
                                {"code", static_cast<std::uint64_t>(why().code)},
                                {"reason", why().reason},
                                {"duration_s", lived_s()},
                                {"messages_in", seq_},
                                {"messages_out", messages_out_},
                                {"refused", refused_},
                                {"bytes_in", client_.bytes_in()},
                                {"bytes_out", client_.bytes_out()},
                                {"messages_up_down", traffic_text()},
                                {"trace", facts_.trace()}});
}

}  // namespace gw::gateway
