#include "tools/client.hpp"

#include "net/event.hpp"
#include "net/listen.hpp"
#include "net/peer.hpp"
#include "net/task_group.hpp"
#include "net/tls_engine.hpp"
#include "tools/explain.hpp"
#include "tools/line_source.hpp"
#include "tools/run_loop.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <csignal>
#include <cstdlib>
#include <deque>
#include <memory>
#include <utility>

namespace gw::tools {
namespace {

constexpr int status_interrupted = 130;
constexpr std::uint64_t max_message = 64 * 1024 * 1024;
constexpr watermarks marks = {1024 * 1024, 256 * 1024};
constexpr duration patience = std::chrono::seconds(1);
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
        peer_(loop_, wire::role::client, max_message, marks, *this),
        changed_(loop_.where()),
        limit_(loop_.wheel, on_limit, this) {}

  client_outcome run() {
    run_loop(loop_, watched());
    return std::move(outcome_);
  }

 private:
  // --- life ---

  net::awaitable<void> watched() {
    net::task_group watching(loop_.where());
    std::unique_ptr<net::signals> ends;
    if (plan_.catch_signals) {
      ends.reset(new net::signals(loop_.where(), {SIGINT, SIGTERM}));
      watching.spawn(watch_signals(*ends));
    }
    co_await connect_and_talk();
    limit_.stop();
    if (ends) ends->close();
    co_await watching.join();
  }

  net::awaitable<void> watch_signals(net::signals& ends) {
    int const first = co_await ends.next();
    if (first == 0) co_return;
    interrupted_ = true;
    changed_.set();
    if (dialling_ != nullptr) dialling_->close();
    int const second = co_await ends.next();
    if (second != 0) std::_Exit(status_interrupted);
  }

  net::awaitable<void> connect_and_talk() {
    if (plan_.limit && plan_.input < 0) limit_.start(*plan_.limit);
    auto opened = co_await dial();
    if (interrupted_) co_return settle(verdict::interrupted, "interrupted");
    if (!opened) {
      auto const how = opened.error().code == errc::bad_usage ? verdict::bad_usage : verdict::cannot_connect;
      co_return settle(how, describe(opened.error()));
    }
    auto const protocol = std::move(opened->protocol);
    happened({.what = client_event::kind::open, .at_ms = 0, .text = protocol});
    if (auto const attached = peer_.attach(std::move(opened->socket), std::move(opened->rest)); !attached) {
      co_return settle(verdict::failed, describe(attached.error()));
    }
    co_await talk();
    if (!closed_)
      happened({.what = client_event::kind::close, .at_ms = 0, .text = {}, .code = code_to_send_, .by_server = false});
    // Its own code goes back to a server that closed (RFC 6455 section 5.5.1).
    auto const code = static_cast<wire::close_code>(closed_ && !violated_ ? closed_code_ : code_to_send_);
    std::string const no_reason;
    co_await peer_.close(code, no_reason, patience);
  }

  net::awaitable<result<opened_websocket>> dial() {
    auto const addresses = co_await resolve(loop_, plan_.to.url);
    if (!addresses) co_return addresses.error();
    for (std::size_t i = 0;; ++i) {
      net::stream with(loop_);
      dialling_ = &with;
      auto opened = co_await open_websocket(loop_, with, (*addresses)[i], plan_.to, plan_.connect_limit);
      dialling_ = nullptr;
      if (opened || opened.error().code != errc::connect_failed || i + 1 == addresses->size()) co_return opened;
    }
  }

  net::awaitable<void> talk() {
    for (auto const& s : plan_.steps) {
      co_await take(s);
      ++steps_done_;
      if (settled_ || left_) co_return;
    }
    if (plan_.input >= 0) co_await send_input();
    if (settled_) co_return;
    if (plan_.leave_after != 0) {
      while (!over() && shown_ < plan_.leave_after) co_await next_change();
      if (shown_ < plan_.leave_after) {
        settle_missing(fmt::format("{} of {} messages came", shown_, plan_.leave_after));
      }
    } else if (plan_.stay) {
      while (!over()) co_await next_change();
      settle_stay();
    }
  }

  // --- steps ---

  net::awaitable<void> take(step const& s) {
    switch (s.what) {
      case step::kind::send:
        co_await send(s, s.text);
        break;
      case step::kind::call:
        co_await send(s, call_message(s, ++calls_));
        break;
      case step::kind::ping:
        peer_.send_message(wire::opcode::ping, "wsgw");
        break;
      case step::kind::expect:
      case step::kind::expect_text:
        while (kept_.empty() && !over()) co_await next_change();
        if (kept_.empty()) co_return settle_missing(fmt::format("{}\n  got:      no message", s.where()));
        looked_at_ = std::move(kept_.front());
        kept_.pop_front();
        peer_.resume_reading();
        judge(s);
        break;
      case step::kind::expect_also:
        judge(s);
        break;
      case step::kind::expect_close:
        while (!over()) co_await next_change();
        judge_close(s);
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

  net::awaitable<void> send(step const& s, std::string text) {
    while (peer_.congested() && !over()) co_await next_change();
    if (over()) co_return settle_missing(fmt::format("{}\n  not sent", s.where()), verdict::failed);
    peer_.send_message(wire::opcode::text, text);
  }

  net::awaitable<void> wait(duration time) {
    auto const until = time_.now() + time;
    net::timer alarm(
        loop_.wheel, [](void* changed) { static_cast<net::event*>(changed)->set(); }, &changed_);
    alarm.start(time);
    while (time_.now() < until && !over()) co_await next_change();
  }

  net::awaitable<void> send_input() {
    line_source input(loop_, plan_.input, changed_);
    while (!over() && !input.ended() && (plan_.leave_after == 0 || shown_ < plan_.leave_after)) {
      while (!peer_.congested()) {
        auto const line = input.next();
        if (!line) break;
        peer_.send_message(wire::opcode::text, *line);
      }
      if (!input.ended()) co_await next_change();
    }
    if (over()) co_return settle_stay();
    if (plan_.leave_at_end_of_input && plan_.leave_after == 0) {
      left_ = true;
    } else if (plan_.limit) {
      limit_.start(*plan_.limit);
    }
  }

  // --- verdicts ---

  void settle(verdict how, std::string why) {
    if (std::exchange(settled_, true)) return;
    outcome_ = {how, std::move(why)};
  }

  void judge(step const& s) {
    if (auto found = complaint(s, looked_at_)) settle(verdict::expectation_failed, std::move(*found));
  }

  void judge_close(step const& s) {
    if (!closed_) return settle_missing(fmt::format("{}\n  got:      no Close", s.where()));
    if (s.code != 0 && s.code != closed_code_) {
      settle(verdict::expectation_failed,
             fmt::format("{}\n  got:      {}", s.where(), explain_close(closed_code_, reason_)));
    }
    left_ = true;
  }

  /// What was waited for did not come.
  void settle_missing(std::string what, verdict how = verdict::expectation_failed) {
    if (interrupted_) return settle(verdict::interrupted, "interrupted");
    if (closed_)
      return settle(how, fmt::format("{}: the server closed, {}", what, explain_close(closed_code_, reason_)));
    settle(how, fmt::format("{} within {} ms", what, plan_.limit ? plan_.limit->count() : 0));
  }

  /// There was nothing to wait for but the end.
  void settle_stay() {
    if (interrupted_) return settle(verdict::interrupted, "interrupted");
    bool const orderly = !closed_ || closed_code_ == 1000 || closed_code_ == 1001 || closed_code_ == 1005;
    if (!orderly) settle(verdict::failed, fmt::format("the server closed, {}", explain_close(closed_code_, reason_)));
  }

  bool over() const { return closed_ || interrupted_ || late_; }

  net::awaitable<void> next_change() {
    co_await changed_.wait();
    changed_.clear();
  }

  static void on_limit(void* self) {
    auto& c = *static_cast<conversation*>(self);
    c.late_ = true;
    c.changed_.set();
    if (c.dialling_ != nullptr) c.dialling_->close();
  }

  // --- input ---

  bool may_read() const override { return !closed_ && kept_.size() < most_kept; }
  void on_drained() override { changed_.set(); }

  void on_lost(std::error_code cause) override { on_end(1006, cause ? cause.message() : std::string()); }

  void on_bytes(std::span<char> bytes) override {
    while (!closed_) {
      auto const e = peer_.next(bytes);
      if (e.what == wire::event::kind::none) break;
      switch (e.what) {
        case wire::event::kind::none:
          break;
        case wire::event::kind::message:
          on_message(e.op, {e.payload.data(), e.payload.size()});
          break;
        case wire::event::kind::piece:
          assembled_.append(e.payload.data(), e.payload.size());
          if (e.last) on_message(e.op, std::exchange(assembled_, {}));
          break;
        case wire::event::kind::control:
          on_end(static_cast<std::uint16_t>(e.code), std::string(e.reason));
          break;
        case wire::event::kind::violation:
          violated_ = true;
          code_to_send_ = static_cast<std::uint16_t>(e.code);
          on_end(1006, fmt::format("protocol error of the server: {}", e.reason));
          break;
      }
    }
    changed_.set();
  }

  void on_message(wire::opcode op, std::string_view text) {
    // With -n exactly so many are shown, although one read may bring more.
    if (plan_.leave_after != 0 && shown_ == plan_.leave_after) return;
    ++shown_;
    auto const what = op == wire::opcode::binary ? client_event::kind::binary : client_event::kind::message;
    happened({.what = what, .at_ms = 0, .text = text});
    auto const takes = [](step const& s) { return s.takes_message(); };
    if (std::any_of(plan_.steps.begin() + steps_done_, plan_.steps.end(), takes)) kept_.emplace_back(text);
  }

  void on_end(std::uint16_t code, std::string reason) {
    if (std::exchange(closed_, true)) return;
    closed_code_ = code;
    reason_ = std::move(reason);
    happened({.what = client_event::kind::close, .at_ms = 0, .text = reason_, .code = code});
    changed_.set();
  }

  void happened(client_event e) {
    e.at_ms = std::chrono::duration<double, std::milli>(time_.now() - began_).count();
    if (tell_) tell_(e);
  }

  client_plan const& plan_;
  std::function<void(client_event const&)> const& tell_;
  monotonic_clock time_;
  net::loop loop_;
  time_point began_;
  net::peer peer_;
  net::event changed_;
  net::timer limit_;
  net::stream* dialling_ = nullptr;
  std::deque<std::string> kept_;  // messages that expectations will look at
  std::string looked_at_;
  std::string assembled_;
  std::uint64_t shown_ = 0;
  std::uint64_t calls_ = 0;
  std::ptrdiff_t steps_done_ = 0;
  std::uint16_t code_to_send_ = 1000;
  std::uint16_t closed_code_ = 0;  // that came
  std::string reason_;
  bool closed_ = false;
  bool interrupted_ = false;
  bool late_ = false;
  bool left_ = false;  // nothing more is to be done
  bool settled_ = false;
  bool violated_ = false;
  client_outcome outcome_;
};

}  // namespace

client_outcome run_client(client_plan const& plan, std::function<void(client_event const&)> const& tell) {
  conversation c(plan, tell);
  return c.run();
}

}  // namespace gw::tools
