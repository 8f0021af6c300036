#include "instruments/load_session.hpp"

#include "tools/ledger.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <utility>

namespace gw::testbed {
namespace {

constexpr std::uint64_t max_message = 16 * 1024 * 1024;
// The window bounds the queue; these marks only have to be above it.
constexpr watermarks marks = {1024 * 1024 * 1024, 512 * 1024 * 1024};
constexpr duration patience = std::chrono::seconds(2);

std::uint64_t ns(duration d) {
  return static_cast<std::uint64_t>(std::max<duration::rep>(d.count(), 0));
}

}  // namespace

load_session::load_session(load_state& all, std::uint64_t client, std::uint64_t session, std::vector<std::uint64_t>& n)
    : all_(all),
      client_(client),
      session_(session),
      n_(n),
      peer_(all.loop, wire::role::client, max_message, marks, *this),
      ended_(all.loop.where()),
      lanes_(all.plan.services.size()),
      next_(client % lanes_.size()) {}

// --- life ---

net::awaitable<void> load_session::run(net::transport socket, std::string rest) {
  all_.book.write(all_.time.now(), "O {} {}", client_, session_);
  ++all_.counts.sessions;
  ++all_.open;
  all_.changed->set();
  if (auto const attached = peer_.attach(std::move(socket), std::move(rest)); !attached) on_end(1006, {});
  if (all_.sending) begin();
  co_await ended_.wait();
  --all_.open;
  explained(waiting_);
  std::string const no_reason;
  co_await peer_.close(wire::close_code::normal, no_reason, patience);
}

void load_session::end() {
  if (std::exchange(ending_, true)) return;
  all_.book.write(all_.time.now(), "F {} {}", client_, session_);
  ended_.set();
}

void load_session::on_end(unsigned code, std::string_view reason) {
  if (std::exchange(ending_, true)) return;
  all_.book.write(all_.time.now(), "C {} {} {}", client_, session_, code);
  ++all_.counts.closed[std::to_string(code)];
  reason_ = reason;
  ended_.set();
}

void load_session::on_lost(std::error_code) {
  on_end(1006, {});
}

void load_session::explained(std::uint64_t count) {
  waiting_ -= count;
  all_.unexplained -= count;
  if (all_.unexplained == 0) all_.changed->set();
}

// --- output ---

void load_session::begin() {
  auto const first = all_.plan.rate > 0 ? lanes_.size() : all_.plan.window;
  for (std::uint64_t i = 0; i < first && send_one(); ++i) {
  }
}

bool load_session::send_one() {
  if (ending_ || !all_.sending || (waiting_ >= all_.plan.window && waiting_ >= lanes_.size())) return false;
  send(next_);
  if (++next_ == lanes_.size()) next_ = 0;
  return true;
}

void load_session::send(std::size_t service) {
  auto const now = all_.time.now();
  auto const& name = all_.plan.services[service];
  auto& to = lanes_[service];
  auto const n = ++n_[service];
  ++seq_;
  all_.book.write(now, "S {} {} {} {} {}", client_, session_, seq_, name, n);
  peer_.send_message(
      wire::opcode::text,
      tools::make_stamped({.run = all_.plan.run, .client = client_, .session = session_, .service = name, .n = n},
                          all_.plan.padding));
  to.waiting.push_back({seq_, n, now});
  if (to.told && to.first_n_after == 0) {
    to.first_n_after = n;
    to.first_sent_after = now;
  }
  ++waiting_;
  ++all_.unexplained;
  ++all_.counts.sent;
}

// --- input ---

void load_session::on_bytes(std::span<char> bytes) {
  now_ = all_.time.now();
  while (!ending_) {
    auto const e = peer_.next(bytes);
    if (e.what == wire::event::kind::none) break;
    switch (e.what) {
      case wire::event::kind::none:
        break;
      case wire::event::kind::message:
        on_text({e.payload.data(), e.payload.size()});
        break;
      case wire::event::kind::piece:
        assembled_.append(e.payload.data(), e.payload.size());
        if (e.last) on_text(std::exchange(assembled_, {}));
        break;
      case wire::event::kind::control:
        on_end(static_cast<unsigned>(e.code), e.reason);
        break;
      case wire::event::kind::violation:
        ++all_.counts.bad;
        on_end(1006, {});
        break;
    }
  }
  if (auto const owed = std::exchange(owed_, 0); all_.plan.rate <= 0) {
    for (std::uint64_t i = 0; i < owed && send_one(); ++i) {
    }
  }
}

void load_session::on_text(std::string_view text) {
  auto const ack = tools::read_ack(text);
  if (!ack) return on_told(text);
  all_.book.write(now_, "A {} {} {} {} {} {} {}", client_, session_, ack->client, ack->session, ack->service, ack->n,
                  ack->instance);
  ++all_.counts.acked;
  auto* const from = lane_of(ack->service);
  if (from == nullptr) return;
  if (from->first_n_after != 0 && ack->n >= from->first_n_after) {
    all_.counts.after_notice_ns.record(ns(now_ - from->first_sent_after));
    from->told = false;
    from->first_n_after = 0;
  }
  auto const found = std::find_if(from->waiting.begin(), from->waiting.end(),
                                  [&](unanswered const& message) { return message.n == ack->n; });
  if (found == from->waiting.end()) return;
  all_.counts.answer_ns.record(ns(now_ - found->sent));
  from->waiting.erase(found);
  ++owed_;
  explained(1);
}

load_session::lane* load_session::lane_of(std::string_view service) {
  auto const& names = all_.plan.services;
  auto const found = std::find(names.begin(), names.end(), service);
  return found == names.end() ? nullptr : &lanes_[static_cast<std::size_t>(found - names.begin())];
}

/// An error frame, a notice, or nothing that anybody may send.
void load_session::on_told(std::string_view text) {
  auto const frame = nlohmann::json::parse(text, nullptr, false);
  if (!frame.is_object() || !frame.contains("error") || !frame["error"].is_object()) {
    ++all_.counts.bad;
    return all_.book.write(now_, "B {} {}", client_, session_);
  }
  auto const& e = frame["error"];
  auto const code = e.value("code", std::string("NONE"));
  if (e.contains("lastSeq")) {
    return on_notice(e.value("service", std::string()), e.value("epoch", std::uint64_t{0}),
                     e.value("lastSeq", std::uint64_t{0}), e.value("closeCode", 0U));
  }
  auto const seq = e.value("seq", std::uint64_t{0});
  on_refusal(e.value("seqFrom", seq), e.value("seqTo", seq), code, e.value("sent", true));
}

void load_session::on_refusal(std::uint64_t from, std::uint64_t to, std::string const& code, bool sent) {
  all_.book.write(now_, "E {} {} {} {} {} {}", client_, session_, from, to, code, sent ? 1 : 0);
  for (auto& any : lanes_) {
    auto const meant = [&](unanswered const& m) { return m.seq >= from && m.seq <= to; };
    for (auto const& message : any.waiting) {
      if (meant(message)) all_.counts.refusal_ns.record(ns(now_ - message.sent));
    }
    auto const count = std::erase_if(any.waiting, meant);
    if (count == 0) continue;
    all_.counts.refused[code] += count;
    owed_ += count;
    explained(count);
  }
}

void load_session::on_notice(std::string_view service, std::uint64_t epoch, std::uint64_t last_seq,
                             unsigned close_code) {
  all_.book.write(now_, "N {} {} {} {} {} {}", client_, session_, service, epoch, last_seq, close_code);
  ++all_.counts.notices;
  auto* const of = lane_of(service);
  if (of == nullptr) return;
  // What was sent behind `last_seq` may still be answered, by the next instance; it is just not waited for.
  auto const count = of->waiting.size();
  of->waiting.clear();
  of->told = true;
  of->first_n_after = 0;
  owed_ += count;
  explained(count);
}

}  // namespace gw::testbed
