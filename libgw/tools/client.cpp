#include "tools/client.hpp"

#include "net/event.hpp"
#include "net/peer.hpp"
#include "net/tls_engine.hpp"
#include "tools/client_verdict.hpp"
#include "tools/explain.hpp"
#include "tools/interruptible.hpp"
#include "tools/long_wait.hpp"
#include "tools/open_calls.hpp"
#include "tools/run_loop.hpp"
#include "wire/deflate.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <deque>
#include <exception>
#include <utility>

namespace gw::tools {
namespace {

constexpr std::uint64_t max_message = 64 * 1024 * 1024;
constexpr watermarks marks = {1024 * 1024, 256 * 1024};
constexpr duration patience = std::chrono::seconds(1);
constexpr duration first_pause = std::chrono::milliseconds(100);
constexpr duration longest_pause = std::chrono::seconds(30);
constexpr std::string_view ping_text = "wsgw";
// Messages kept for expectations to come; beyond this the server has to wait.
constexpr std::size_t most_kept = 4096;

using verdict = client_outcome::verdict;

class conversation final : public net::peer_owner {
 public:
  conversation(client_plan const& plan, std::function<void(client_event const&)> const& tell)
      : plan_(plan),
        tell_(tell),
        loop_(time_),
        began_(time_.now()),
        verdict_(so_far_, plan.limit),
        changed_(loop_.where()),
        limit_(
            loop_.wheel, [](void* self) { static_cast<conversation*>(self)->end_early(&client_ending::late); }, this),
        long_wait_(loop_, plan.long_wait, [this](client_event const& e) { happened(e); }),
        dialler_(loop_) {}

  client_outcome run() {
    if (plan_.catch_signals) {
      auto const leave = [this] { end_early(&client_ending::interrupted); };
      auto const give_terminal_back = [this] { end_source(); };
      run_loop(loop_, interruptible(loop_, whole(), {leave, give_terminal_back}));
    } else {
      run_loop(loop_, whole());
    }
    if (failure_) std::rethrow_exception(failure_);
    auto outcome = std::move(verdict_).take();
    if (plan_.leave_when_answered) outcome.open_calls = open_calls_.count();
    return outcome;
  }

 private:
  // --- life ---

  net::awaitable<void> whole() {
    co_await connect_and_talk();
    end_source();
    limit_.stop();
  }

  void end_early(bool client_ending::*why) {
    so_far_.*why = true;
    changed_.set();
    dialler_.close();
  }

  net::awaitable<void> connect_and_talk() {
    if (plan_.limit && plan_.source == nullptr) limit_.start(*plan_.limit);
    for (unsigned failures = 0;; ++failures) {
      long_wait_.begin(plan_.to.tls ? "a connection by TLS" : "a connection");
      auto opened = co_await dialler_.open(plan_.to, plan_.connect_limit);
      long_wait_.end();
      if (so_far_.interrupted) co_return settle(verdict::interrupted, "interrupted");
      std::string why;
      if (opened) {
        failures = 0;
        co_await converse(std::move(*opened));
        if (!will_reconnect()) co_return;
        why = fmt::format("closed by the server, {}", explain_close(so_far_.code, so_far_.reason));
      } else {
        why = describe(opened.error());
        bool const usage = opened.error().code == errc::bad_usage;
        if (usage || so_far_.late || !plan_.reconnect) {
          co_return settle(usage ? verdict::bad_usage : verdict::cannot_connect, std::move(why));
        }
      }
      co_await back_off(failures, why);
      if (so_far_.interrupted) co_return settle(verdict::interrupted, "interrupted");
      if (so_far_.late) co_return settle(verdict::cannot_connect, std::move(why));
    }
  }

  net::awaitable<void> back_off(unsigned failures, std::string const& why) {
    so_far_.closed = violated_ = false;
    code_to_send_ = 1000;
    auto const pause = std::min(first_pause * (1U << std::min(failures, 16U)), longest_pause);
    happened({.what = client_event::kind::retry,
              .text = why,
              .took_ms = std::chrono::duration<double, std::milli>(pause).count()});
    co_await wait(pause);
  }

  net::awaitable<void> converse(opened_websocket opened) {
    peer_.emplace(loop_, wire::role::client, max_message, marks, *this);
    peer_->pass_control_frames();
    compresses_ = opened.compressed;
    if (compresses_) peer_->accept_compressed();
    assembled_.clear();
    happened({.what = client_event::kind::open, .text = opened.protocol, .compressed = compresses_});
    if (auto const attached = peer_->attach(std::move(opened.socket), std::move(opened.rest)); !attached) {
      co_return settle(verdict::failed, describe(attached.error()));
    }
    if (plan_.ping_interval != plan_.ping_interval.zero()) {
      peer_->watch({.ping_interval = plan_.ping_interval, .pong_timeout = plan_.ping_interval});
    }
    co_await talk();
    // Before the farewell, which may take a while: whoever is impatient gets his terminal back at once.
    if (!will_reconnect()) end_source();
    if (!so_far_.closed)
      happened({.what = client_event::kind::close, .text = {}, .code = code_to_send_, .by_server = false});
    // Its own code goes back to a server that closed (RFC 6455 section 5.5.1).
    auto const code = static_cast<wire::close_code>(so_far_.closed && !violated_ ? so_far_.code : code_to_send_);
    std::string const no_reason;
    co_await peer_->close(code, no_reason, patience);
  }

  net::awaitable<void> talk() {
    for (auto const& s : plan_.steps) {
      co_await take(s);
      ++steps_done_;
      if (verdict_.settled() || left_) co_return;
    }
    if (plan_.source != nullptr) co_await obey_source();
    if (verdict_.settled() || left_ || will_reconnect()) co_return;
    if (plan_.leave_after != 0) {
      while (!over() && shown_ < plan_.leave_after) co_await next_change();
      if (shown_ < plan_.leave_after) {
        verdict_.settle_missing(fmt::format("{} of {} messages came", shown_, plan_.leave_after));
      }
    } else if (plan_.stay) {
      if (plan_.leave_when_answered) long_wait_.begin("answers");
      while (!over() && !all_answered()) co_await next_change();
      long_wait_.end();
      verdict_.settle_stay();
    }
  }

  // --- steps ---

  net::awaitable<void> take(step const& written) {
    auto const s = filled_in(written, captured_);
    switch (s.what) {
      case step::kind::send:
        co_await send(s, wire::opcode::text, s.text);
        break;
      case step::kind::binary:
        co_await send(s, wire::opcode::binary, s.text);
        break;
      case step::kind::call:
        if (plan_.leave_when_answered) open_calls_.add(calls_ + 1, sent_ + 1);
        co_await send(s, wire::opcode::text, call_message(s, ++calls_));
        break;
      case step::kind::ping:
        pinged_ = time_.now();
        peer_->send_message(wire::opcode::ping, ping_text);
        break;
      case step::kind::expect_any:
      case step::kind::expect:
      case step::kind::expect_text:
        while (kept_.empty() && !over()) co_await next_change();
        if (kept_.empty()) co_return verdict_.settle_missing(fmt::format("{}\n  got:      no message", s.where()));
        looked_at_ = std::move(kept_.front());
        kept_.pop_front();
        peer_->resume_reading();
        verdict_.judge(s, looked_at_);
        break;
      case step::kind::expect_also:
        verdict_.judge(s, looked_at_);
        break;
      case step::kind::capture:
        if (auto missing = capture(s, looked_at_, captured_)) settle(verdict::expectation_failed, std::move(*missing));
        break;
      case step::kind::expect_close:
        while (!over()) co_await next_change();
        left_ = verdict_.judge_close(s);
        break;
      case step::kind::close:
        code_to_send_ = s.code;
        left_ = true;
        break;
      case step::kind::wait:
        co_await wait(s.time);
        break;
    }
  }

  net::awaitable<void> send(step const& s, wire::opcode op, std::string text) {
    while (peer_->congested() && !over()) co_await next_change();
    if (over()) co_return verdict_.settle_missing(fmt::format("{}\n  not sent", s.where()), verdict::failed);
    auto const key = loop_.keys.next();
    auto const compressed = compresses_ ? deflater_.deflate(op, text, &key) : std::string_view();
    if (compressed.empty()) {
      peer_->send_message(op, text);
    } else {
      peer_->queue(compressed);
    }
    deflater_.rest();
    ++sent_;
  }

  net::awaitable<void> wait(duration time) {
    auto const until = time_.now() + time;
    net::timer alarm(loop_.wheel, changed_);
    alarm.start(time);
    while (time_.now() < until && !over()) co_await next_change();
  }

  net::awaitable<void> obey_source() {
    auto& source = *plan_.source;
    if (!source_began_) source.begin(loop_, changed_);
    source_began_ = true;
    while (!over() && !left_ && !source.ended() && !has_enough()) {
      while (!peer_->congested() && !left_) {
        auto const next = source.next();
        if (!next) break;
        co_await take(*next);
      }
      if (!source.ended() && !left_) co_await next_change();
    }
    if (has_enough()) co_return;
    if (over()) {
      if (!will_reconnect()) verdict_.settle_stay();
    } else if (plan_.leave_at_end_of_source && plan_.leave_after == 0) {
      left_ = true;
    } else if (plan_.limit) {
      limit_.start(*plan_.limit);
    }
  }

  void end_source() {
    if (std::exchange(source_began_, false)) plan_.source->end();
  }

  // --- the end ---

  void settle(verdict how, std::string why) { verdict_.settle(how, std::move(why)); }

  bool has_enough() const { return plan_.leave_after != 0 && shown_ >= plan_.leave_after; }
  bool all_answered() const { return plan_.leave_when_answered && open_calls_.count() == 0; }
  bool will_reconnect() const {
    return plan_.reconnect && so_far_.closed && !so_far_.interrupted && !so_far_.late && !left_ && !has_enough();
  }
  bool over() const { return so_far_.over(); }

  net::awaitable<void> next_change() {
    co_await changed_.wait();
    changed_.clear();
  }

  // --- input ---

  bool may_read() const override { return !so_far_.closed && kept_.size() < most_kept; }
  void on_drained() override { changed_.set(); }

  void on_lost(std::error_code cause) override { on_end(1006, cause ? cause.message() : std::string()); }

  void on_bytes(std::span<char> bytes) override {
    while (!so_far_.closed) {
      auto const e = peer_->next(bytes);
      if (e.what == wire::event::kind::none) break;
      switch (e.what) {
        case wire::event::kind::none:
          break;
        case wire::event::kind::message:
          on_whole(e, {e.payload.data(), e.payload.size()});
          break;
        case wire::event::kind::piece:
          assembled_.append(e.payload.data(), e.payload.size());
          if (e.last) on_whole(e, std::exchange(assembled_, {}));
          break;
        case wire::event::kind::control:
          if (e.op != wire::opcode::close) {
            on_control(e.op, {e.payload.data(), e.payload.size()});
            break;
          }
          on_end(static_cast<std::uint16_t>(e.code), std::string(e.reason));
          break;
        case wire::event::kind::violation:
          on_violation(e);
          break;
      }
    }
    changed_.set();
  }

  void on_violation(wire::event const& e) {
    violated_ = true;
    code_to_send_ = static_cast<std::uint16_t>(e.code);
    on_end(1006, fmt::format("protocol error of the server: {}", e.reason));
  }

  void on_whole(wire::event const& e, std::string_view payload) {
    if (!e.compressed) return on_message(e.op, payload);
    auto const plain = inflater_.inflate(e.op, payload, max_message);
    if (plain.what == wire::event::kind::violation) return on_violation(plain);
    on_message(plain.op, {plain.payload.data(), plain.payload.size()});
    inflater_.rest();
  }

  void on_silent() override { on_end(1006, "no sign of life"); }

  void on_control(wire::opcode op, std::string_view text) {
    if (op == wire::opcode::ping && !peer_->congested()) peer_->send_message(wire::opcode::pong, text);
    if (op != wire::opcode::pong || text != ping_text) return;
    auto const took = std::chrono::duration<double, std::milli>(time_.now() - pinged_).count();
    happened({.what = client_event::kind::pong, .text = {}, .took_ms = took});
  }

  void on_message(wire::opcode op, std::string_view text) {
    // With -n exactly so many are shown, although one read may bring more.
    if (plan_.leave_after != 0 && shown_ == plan_.leave_after) return;
    ++shown_;
    auto const what = op == wire::opcode::binary ? client_event::kind::binary : client_event::kind::message;
    happened({.what = what, .text = text});
    open_calls_.take(text);
    auto const takes = [](step const& s) { return s.takes_message(); };
    if (std::any_of(plan_.steps.begin() + steps_done_, plan_.steps.end(), takes)) kept_.emplace_back(text);
  }

  void on_end(std::uint16_t code, std::string reason) {
    if (std::exchange(so_far_.closed, true)) return;
    so_far_.code = code;
    so_far_.reason = std::move(reason);
    happened({.what = client_event::kind::close, .text = so_far_.reason, .code = code});
    changed_.set();
  }

  void happened(client_event e) {
    e.at_ms = std::chrono::duration<double, std::milli>(time_.now() - began_).count();
    if (!tell_ || failure_) return;
    try {
      tell_(e);
    } catch (...) {  // inside a turn of the loop, which no exception may leave
      failure_ = std::current_exception();
      end_early(&client_ending::interrupted);
    }
  }

  client_plan const& plan_;
  std::function<void(client_event const&)> const& tell_;
  monotonic_clock time_;
  net::loop loop_;
  time_point began_;
  client_ending so_far_;
  client_verdict verdict_;
  std::optional<net::peer> peer_;  // of this connection
  net::event changed_;
  net::timer limit_;
  long_wait long_wait_;
  dialler dialler_;
  std::deque<std::string> kept_;  // messages that expectations will look at
  std::string looked_at_;
  std::string assembled_;
  bool compresses_ = false;  // this connection does
  wire::inflater inflater_{wire::role::client};
  wire::deflater deflater_;
  std::uint64_t shown_ = 0;
  std::uint64_t sent_ = 0;
  std::uint64_t calls_ = 0;
  open_calls open_calls_;
  captured captured_;
  time_point pinged_{};
  bool source_began_ = false;
  std::ptrdiff_t steps_done_ = 0;
  std::uint16_t code_to_send_ = 1000;
  bool left_ = false;  // nothing more is to be done
  bool violated_ = false;
  std::exception_ptr failure_;  // of whom we tell; thrown on when all is over
};

}  // namespace

client_outcome run_client(client_plan const& plan, std::function<void(client_event const&)> const& tell) {
  return conversation(plan, tell).run();
}

}  // namespace gw::tools
