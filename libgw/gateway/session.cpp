#include "gateway/session.hpp"

#include "core/log.hpp"
#include "gateway/channel.hpp"
#include "gateway/upload.hpp"
#include "gateway/worker.hpp"
#include "wire/relay.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace gw::gateway {
namespace {

constexpr duration patience_with_clients = std::chrono::seconds(5);
// Error frames that wait for a streamed message to end; beyond this the client is not read.
constexpr std::size_t deferred_limit = 64 * 1024;

net::queue_marks marks_of(config::watermarks const& w) noexcept {
  return {w.high, w.low};
}

std::string_view view(std::span<char const> bytes) noexcept {
  return {bytes.data(), bytes.size()};
}

}  // namespace

session::session(worker& where, client_facts facts)
    : worker_(where),
      facts_(std::move(facts)),
      opened_(where.loop().wheel.now()),
      client_(where.loop(), wire::role::server, where.settings().session.max_message,
              marks_of(where.settings().session.queue), *this),
      ended_(where.loop().where()),
      channels_running_(where.loop().where()) {
  where.enter(*this);
}

session::~session() {
  worker_.leave(*this);
}

// --- 1. life ---

net::awaitable<void> session::run(net::transport socket, std::string rest) {
  log_open();
  if (auto attached = client_.attach(std::move(socket), std::move(rest)); attached) {
    co_await ended_.wait();
  } else {
    end({.reason = describe(attached.error())});
  }
  co_await tear_down();
  worker_.stats().session_closed(end_->by, end_->code);
  log_close();
}

net::awaitable<void> session::tear_down() {
  // Their coroutines flush what was accepted and close, while we close toward the client. A drain is no client's doing.
  bool const drained = end_->by == initiator::gateway && end_->code == wire::close_code::service_restart;
  auto const code = drained ? wire::close_code::service_restart : wire::close_code::going_away;
  for (auto const channels = std::exchange(channels_, {}); auto const& c : channels) c.to->end({.code = code});
  co_await client_.close(end_->code, end_->reason, patience_with_clients);
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

// --- 2. reading: the life of a message, client to upstream ---

bool session::may_read() const {
  if (ending() || client_.congested() || deferred_.size() > deferred_limit) return false;
  return std::none_of(channels_.begin(), channels_.end(), [](auto const& c) { return c.to->congested(); });
}

std::size_t session::read_room() const {
  std::size_t room = net::poller::read_buffer_size;
  for (auto const& c : channels_) room = std::min(room, c.to->room());
  return room;
}

void session::on_bytes(std::span<char> bytes) {
  while (!ending()) {
    auto const e = client_.next(bytes);
    switch (e.what) {
      case wire::event::kind::none:
        send_run();
        return;
      case wire::event::kind::message:
        on_message(e);
        break;
      case wire::event::kind::piece:
        on_piece(e);
        break;
      case wire::event::kind::control:
        on_close(e);
        break;
      case wire::event::kind::violation:
        end({initiator::gateway, e.code, std::string(e.reason)});
        break;
    }
  }
  send_run();
}

void session::on_message(wire::event const& message) {
  ++seq_;
  auto const text = view(message.payload);
  // 1 rule -> service. (2 route -> filters and 3 filters.on_message come with routes on messages.)
  auto const d = decide(message.op, text);
  if (d.verdict == route::route_verdict::heartbeat) return answer_heartbeat(d, text);
  if (d.verdict == route::route_verdict::failed) return refuse(d, text);
  // 4 channel
  auto* const to = channel_for(d, text);
  if (to == nullptr) return;
  // 5 encode into the channel's output
  add_to_run(*to, wire::remask_in_place(message, worker_.loop().keys.next()));
}

void session::on_close(wire::event const& close) {
  end({initiator::client, close.code, std::string(close.reason)});
}

route::decision session::decide(wire::opcode op, std::string_view text) {
  return op == wire::opcode::text ? worker_.table().decide(text, facts_.told)
                                  : worker_.table().decide_binary(facts_.told);
}

channel* session::channel_for(route::decision const& d, std::string_view text) {
  auto const service = d.service.index;
  for (auto const& c : channels_) {
    if (c.service == service) return c.to;
  }
  if (channels_.size() >= worker_.settings().session.max_channels) {
    refuse(d, errc::channel_limit, "this session has as many channels as it may", "route", text);
    return nullptr;
  }
  if (traffic_.size() <= service) traffic_.resize(service + 1);
  auto opened = std::make_unique<channel>(*this, service, ++traffic_[service].epoch);
  auto* const to = opened.get();
  channels_.push_back({service, to});
  channels_running_.spawn(channel_life(std::move(opened)));
  return to;
}

void session::add_to_run(channel& to, std::span<char> frame) {
  if (run_.to != &to || run_.end != frame.data()) {
    send_run();
    run_ = {.to = &to, .begin = frame.data(), .end = frame.data(), .first_seq = seq_, .messages = 0};
  }
  run_.end += frame.size();
  ++run_.messages;
}

void session::send_run() {
  auto const run = std::exchange(run_, {});
  if (run.to == nullptr) return;
  run.to->send_run({run.begin, static_cast<std::size_t>(run.end - run.begin)}, run.first_seq, run.messages);
}

// --- 3. answers and notices ---

void session::answer_heartbeat(route::decision const& d, std::string_view text) {
  auto const reply = wire::make_heartbeat_reply(d.method, wire::find_correlation(text));
  if (owner_ == nullptr) return client_.send_message(wire::opcode::text, reply);
  deferred_ += wire::make_frame(wire::opcode::text, reply, nullptr);
}

void session::refuse(route::decision const& d, std::string_view text) {
  refuse(d, d.fault, d.why, d.fault == errc::parse_error ? "parse" : "route", text);
}

void session::refuse(route::decision const& d, errc code, std::string_view why, std::string_view stage,
                     std::string_view text) {
  wire::error_facts facts;
  facts.code = code;
  facts.message = why;
  facts.stage = stage;
  facts.service = d.named_service;
  facts.seq = seq_;
  if (!d.method.empty()) facts.method = d.method;
  facts.data = wire::find_correlation(text);
  ++refused_;
  notify(facts);
}

void session::notify(wire::error_facts facts) {
  if (ending()) return;
  worker_.stats().rejected[static_cast<std::size_t>(facts.code)].add();
  facts.conn = facts_.conn;
  facts.trace = facts_.trace();
  auto const text = wire::make_error_frame(facts);
  if (owner_ == nullptr) return client_.send_message(wire::opcode::text, text);
  deferred_ += wire::make_frame(wire::opcode::text, text, nullptr);
}

// --- 4. toward the client ---

void session::release_output(channel& owner) {
  if (owner_ != &owner) return;
  owner_ = nullptr;
  client_.queue(deferred_);
  std::string().swap(deferred_);
  on_drained();
  client_.resume_reading();
}

void session::on_drained() {
  for (auto const& c : channels_) c.to->resume_reading();
  client_.resume_reading();
}

void session::forget(channel const& gone) noexcept {
  std::erase_if(channels_, [&](auto const& c) { return c.to == &gone; });
  if (run_.to == &gone) run_ = {};
  if (upload_ && upload_->to == &gone) upload_->skip();
  // It may have been the one that kept us from reading.
  client_.resume_reading();
}

// --- 5. log ---

void session::account(std::uint32_t service, std::uint64_t up, std::uint64_t down) {
  traffic_[service].up += up;
  traffic_[service].down += down;
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
  log::access(
      "session_open",
      {{"conn", facts_.conn}, {"client", facts_.address}, {"listener", facts_.listener}, {"trace", facts_.trace()}});
}

void session::log_close() const {
  constexpr std::array<std::string_view, 3> names = {"client", "gateway", "upstream"};
  auto const lived = std::chrono::duration<double>(worker_.loop().wheel.now() - opened_).count();
  log::access("session_close", {{"conn", facts_.conn},
                                {"client", facts_.address},
                                {"by", names[static_cast<std::size_t>(end_->by)]},
                                {"code", static_cast<std::uint64_t>(end_->code)},
                                {"reason", end_->reason},
                                {"duration_s", lived},
                                {"messages_in", seq_},
                                {"refused", refused_},
                                {"bytes_in", client_.bytes_in()},
                                {"bytes_out", client_.bytes_out()},
                                {"messages_up_down", traffic_text()},
                                {"trace", facts_.trace()}});
}

}  // namespace gw::gateway
