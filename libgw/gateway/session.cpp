#include "gateway/session.hpp"

#include "core/view.hpp"
#include "gateway/channel.hpp"
#include "gateway/upload.hpp"
#include "gateway/worker.hpp"
#include "wire/control_message.hpp"
#include "wire/relay.hpp"

#include <algorithm>
#include <utility>

namespace gw::gateway {
namespace {

// Answers that wait for a streamed message to end; beyond this the client is not read.
constexpr std::size_t deferred_limit = 64 * 1024;

/// Faults by which a client shows that it does not speak our language (PRODUCT.md section 3.4).
bool is_bad_message(errc code) noexcept {
  auto const http = row_of(code).http;
  return http == 400 || http == 415;
}

}  // namespace

// --- 1. reading: the life of a message, client to upstream ---

bool session::may_read() const {
  if (ending() || client_.congested() || answers_.waiting() > deferred_limit) return false;
  return std::none_of(channels_.begin(), channels_.end(), [](auto const& c) { return c.to->pauses_session(); });
}

std::size_t session::read_room() const {
  auto room = net::poller::read_buffer_size;
  for (auto const& c : channels_) room = std::min(room, c.to->room());
  return room;
}

void session::on_bytes(std::span<char> bytes) {
  inflated_now_ = 0;
  while (!ending()) {
    auto const e = client_.next(bytes);
    if (e.compressed) {
      on_compressed(e);
      // A read may hold a thousand times as much as it is long: the marks of the queues, and the turns of the others,
      // hold for what it inflates to.
      if (inflated_now_ < net::poller::read_buffer_size && may_read()) continue;
      client_.put_back(bytes);
      break;
    }
    switch (e.what) {
      case wire::event::kind::none:
        send_run(true);
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
  relay(message);
}

void session::on_compressed(wire::event const& e) {
  if (e.what == wire::event::kind::piece) return on_piece(e);
  ++seq_;
  relay_compressed(e.op, e.payload);
}

void session::relay_compressed(wire::opcode op, std::span<char const> payload) {
  auto& inflater = worker_.inflater();
  auto const message = inflater.inflate(op, payload, worker_.settings().session.max_message);
  worker_.stats().inflated.compressed.add(payload.size());
  worker_.stats().inflated.plain.add(message.payload.size());
  inflated_now_ += message.payload.size();
  if (message.what == wire::event::kind::violation) {
    end({initiator::gateway, message.code, std::string(message.reason)});
  } else {
    relay(message);
    send_run();  // the frame lies in the inflater
  }
  inflater.rest();
}

void session::relay(wire::event const& message) {
  auto const text = view(message.payload);
  // 1 rule -> service. (2 route -> filters and 3 filters.on_message come with routes on messages.)
  auto const d = decide(message.op, text);
  if (d.verdict != route::route_verdict::routed) return answer(d, text);
  // 4 channel
  auto* const to = channel_for(d, text);
  if (to == nullptr) return;
  // 5 encode into the channel's output
  add_to_run(*to, wire::remask_in_place(message, worker_.loop().keys.next()));
}

void session::on_close(wire::event const& close) {
  if (said_goodbye()) return leave();
  end({initiator::client, close.code, std::string(close.reason)});
}

route::decision session::decide(wire::opcode op, std::string_view text) {
  return op == wire::opcode::text ? worker_.table().decide(text, *facts_.told)
                                  : worker_.table().decide_binary(*facts_.told);
}

channel* session::channel_for(route::decision const& d, std::string_view text) {
  auto const service = d.service.index;
  worker_.stats().decided_by[d.rule].add();
  std::optional<cluster::instance_id> instance;
  if (!d.instance.empty() || !d.key.empty()) {
    instance = worker_.pool_of(service).meant({.address = d.instance, .key = d.key}, worker_.loop().wheel.now());
    if (!instance) {
      refuse(d, route::no_such_instance, text);
      return nullptr;
    }
  }
  for (auto const& c : channels_) {
    if (c.service != service || c.instance != instance || !c.to->serves()) continue;
    if (!c.to->full()) return c.to;
    refuse(d, {errc::queue_full, "the service takes no more messages now", "relay", 1000}, text);
    return nullptr;
  }
  auto const by_rule = d.instance.empty() ? chosen_by::key : chosen_by::address;
  if (has_place_for_a_channel()) return open_channel_to(service, instance, instance ? by_rule : chosen_by::balancer);
  refuse(d, {errc::channel_limit, "this session has as many channels as it may"}, text);
  return nullptr;
}

bool session::has_place_for_a_channel() const {
  // Channels that are closing count too, so that opening and closing in turn gains nothing.
  auto const most = worker_.settings().session.max_channels;
  if (channels_alive_ >= 2 * most) return false;
  auto const serve = [](auto const& c) { return c.to->serves(); };
  return std::count_if(channels_.begin(), channels_.end(), serve) < static_cast<std::ptrdiff_t>(most);
}

channel* session::open_channel_to(std::uint32_t service, std::optional<cluster::instance_id> instance, chosen_by who) {
  if (traffic_.size() <= service) traffic_.resize(service + 1);
  return enter(std::make_unique<channel>(*this, service, instance, who, ++traffic_[service].epoch), instance);
}

channel* session::enter(std::unique_ptr<channel> opened, std::optional<cluster::instance_id> instance) {
  auto* const to = opened.get();
  ++channels_alive_;
  channels_.push_back({to->service(), instance, to});
  spawn(channel::begin(std::move(opened)));
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

void session::send_run(bool last) {
  auto const run = std::exchange(run_, {});
  if (run.to == nullptr) return;
  run.to->send_run({run.begin, static_cast<std::size_t>(run.end - run.begin)}, run.first_seq, run.messages, last);
}

// --- 2. answers and notices ---

void session::answer(route::decision const& d, std::string_view text) {
  switch (d.verdict) {
    case route::route_verdict::heartbeat:
      return answers_.say(wire::make_heartbeat_reply(d.method, wire::find_correlation(text)));
    case route::route_verdict::control:
      return on_control(d, text);
    case route::route_verdict::failed:
    case route::route_verdict::routed:
      return refuse(d, route::refusal_of(d), text);
  }
}

void session::on_control(route::decision const& d, std::string_view text) {
  using kind = wire::control_request::kind;
  auto const request = wire::read_control(d.method, text);
  switch (request.what) {
    case kind::ping:
      return answers_.say(wire::make_control_pong(wire::find_correlation(text)));
    case kind::pong:
      return;
    case kind::close:
      if (request.service.empty()) return refuse(d, {errc::bad_method, "'data' names no 'service'", "route"}, text);
      return close_channels(d, request.service, text);
    case kind::unknown:
      return refuse(d, route::unknown_control, text);
  }
}

void session::close_channels(route::decision const& d, std::string_view service, std::string_view text) {
  send_run();  // what was said before is for them
  auto const same = [&](auto const& c) { return worker_.name_of(c.service) == service && !c.to->retired(); };
  auto found = std::find_if(channels_.begin(), channels_.end(), same);
  if (found == channels_.end()) return refuse(d, route::no_such_channel, text);
  for (; found != channels_.end(); found = std::find_if(channels_.begin(), channels_.end(), same)) {
    found->to->end({channel_end::kind::asked, wire::close_code::normal, "closed by the client"});
  }
}

void session::refuse(route::decision const& d, route::refusal const& because, std::string_view text) {
  auto facts = route::facts_of(d, because, text);
  facts.seq = seq_;
  notify(facts);
}

void session::notify(wire::error_facts facts) {
  if (ending()) return;
  ++refused_;
  auto const code = facts.code;
  answers_.refuse(std::move(facts));
  if (is_bad_message(code) && !bad_messages_.admit(worker_.loop().wheel.now())) {
    end({initiator::gateway, wire::close_code::policy_violation, "too many bad messages"});
  }
}

void session::notify_closed(wire::error_facts facts) {
  if (!ending()) answers_.channel_closed(std::move(facts));
}

bool session::channel_opened(channel& opened) {
  if (opened.stands_by() && !relieve(opened)) {
    opened.end({channel_end::kind::moved, wire::close_code::normal, "not needed"});
    return false;
  }
  if (facts_.control() && !ending()) {
    auto const name = worker_.name_of(opened.service());
    answers_.say(wire::make_channel_state(name, "open", opened.epoch(), nullptr));
  }
  return true;
}

// --- 3. channels that move ---

channel* session::server_of(std::uint32_t service) const {
  auto const serves = [service](auto const& c) { return c.service == service && !c.instance && c.to->serves(); };
  auto const at = std::find_if(channels_.begin(), channels_.end(), serves);
  return at == channels_.end() ? nullptr : at->to;
}

bool session::move(channel& quiet, std::optional<cluster::instance_id> to) {
  bool const in_upload = upload_ && upload_->to == &quiet;
  if (ending() || said_goodbye() || in_upload || channels_alive_ >= 2 * worker_.settings().session.max_channels) {
    return false;
  }
  if (quiet.chosen() == chosen_by::key) {  // the rule will choose another instance
    quiet.retire();
    return true;
  }
  auto const stands_by = [&](auto const& c) { return c.service == quiet.service() && c.to->stands_by(); };
  if (std::any_of(channels_.begin(), channels_.end(), stands_by)) return false;
  enter(std::make_unique<channel>(*this, quiet.service(), to, quiet.as_it_is()), {});
  return true;
}

/// `fresh` is open: it has the place, unless who had it has gone meanwhile, or something has passed.
bool session::relieve(channel& fresh) {
  if (ending() || said_goodbye()) return false;
  auto* const before = server_of(fresh.service());
  if (before == nullptr || before->as_it_is() != fresh.stands_by()) return false;
  before->retire();
  fresh.serve(++traffic_[fresh.service()].epoch);
  return true;
}

// --- 4. toward the client ---

void session::claim_output(channel& owner) noexcept {
  owner_ = &owner;
  answers_.hold();
}

void session::release_output(channel& owner) {
  if (owner_ != &owner) return;
  owner_ = nullptr;
  answers_.release();
  message_to_client_ended();
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

// --- 5. memory ---

std::size_t session::held_bytes() const noexcept {
  auto total = client_.output().size() + client_.waiting_input() + answers_.waiting();
  if (upload_) total += upload_->bytes.size();
  for (auto const& c : channels_) total += c.to->held_bytes();
  return total;
}

void session::bounds_changed() {
  client_.bounds_changed();
  for (auto const& c : channels_) c.to->bounds_changed();
}

void session::check_memory() {
  if (channels_.empty() || held_bytes() <= worker_.settings().session.memory) return;
  auto const fuller = [](auto const& a, auto const& b) { return a.to->held_bytes() < b.to->held_bytes(); };
  auto const fullest = std::max_element(channels_.begin(), channels_.end(), fuller);
  fullest->to->end({channel_end::kind::aborted, wire::close_code::going_away, "the session holds too much memory"});
}

}  // namespace gw::gateway
