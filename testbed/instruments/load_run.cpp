#include "instruments/load_run.hpp"

#include "tools/run_loop.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <csignal>
#include <utility>

namespace gw::testbed {
namespace {

using nlohmann::ordered_json;

constexpr duration progress_interval = std::chrono::milliseconds(200);

ordered_json in_us(histogram const& ns) {
  auto const us = [&](double percent) { return ns.value_at_percentile(percent) / 1000; };
  return {{"count", ns.count()}, {"p50", us(50)}, {"p99", us(99)}, {"p999", us(99.9)}, {"max", ns.max() / 1000}};
}

}  // namespace

load_run::load_run(load_plan const& plan, journal& book, std::function<void(std::string const&)> say)
    : plan_(plan),
      say_(std::move(say)),
      loop_(time_),
      changed_(loop_.where()),
      all_{.plan = plan, .loop = loop_, .time = time_, .book = book, .chance = std::mt19937_64(plan.seed)},
      dialling_(loop_, std::max<std::uint64_t>(plan.dial_at_once, 1)),
      running_(loop_.where()),
      ends_(loop_.where(), {SIGINT, SIGTERM}),
      pace_(loop_.wheel, on_pace, this),
      progress_(loop_.wheel, on_progress, this),
      limit_(
          loop_.wheel,
          [](void* self) {
            static_cast<load_run*>(self)->time_is_up_ = true;
            static_cast<load_run*>(self)->changed_.set();
          },
          this) {
  all_.changed = &changed_;
}

void load_run::run() {
  tools::run_loop(loop_, live());
}

net::awaitable<void> load_run::live() {
  auto const begun = time_.now();
  net::task_group watching(loop_.where());
  watching.spawn(watch_signals());
  for (std::uint64_t i = 0; i < plan_.clients; ++i) {
    clients_.push_back(std::make_unique<load_client>(all_, dialling_, plan_.first_client + i));
    running_.spawn(clients_.back()->run());
  }
  while (!all_tried() && ends_seen_ == 0) co_await next_change();
  tell_open(begun);
  progress_.start(progress_interval);

  all_.sending = true;
  for (auto const& client : clients_) {
    if (client->session() != nullptr) client->session()->begin();
  }
  paced_since_ = time_.now();
  if (plan_.rate > 0) pace();
  if (plan_.seconds > 0)
    limit_.start(std::chrono::duration_cast<duration>(std::chrono::duration<double>(plan_.seconds)));
  // Without a way back there is nothing to do once the last session has ended.
  while (ends_seen_ == 0 && !time_is_up_ && (plan_.reconnect || all_.open != 0)) co_await next_change();

  all_.sending = false;
  pace_.stop();
  time_is_up_ = false;
  limit_.start(plan_.settle);
  while (all_.unexplained != 0 && !time_is_up_ && ends_seen_ < 2) co_await next_change();

  all_.stopping = true;
  for (auto const& client : clients_) client->stop();
  co_await running_.join();
  progress_.stop();
  limit_.stop();
  all_.book.flush();
  tell_done();
  ends_.close();
  co_await watching.join();
}

net::awaitable<void> load_run::watch_signals() {
  for (;;) {
    int const number = co_await ends_.next();
    if (number == 0) co_return;
    ++ends_seen_;
    changed_.set();
  }
}

net::awaitable<void> load_run::next_change() {
  co_await changed_.wait();
  changed_.clear();
}

bool load_run::all_tried() const {
  return std::all_of(clients_.begin(), clients_.end(), [](auto const& client) { return client->tried(); });
}

// --- the rate ---

void load_run::on_pace(void* self) {
  static_cast<load_run*>(self)->pace();
}

/// The clients take turns; one whose window is full, or that is not connected, is passed over.
void load_run::pace() {
  auto const passed = std::chrono::duration<double>(time_.now() - paced_since_).count();
  auto const due = static_cast<std::uint64_t>(passed * plan_.rate);
  for (; paced_ < due; ++paced_) {
    bool sent = false;
    for (std::size_t tries = 0; tries < clients_.size() && !sent; ++tries) {
      auto* const session = clients_[next_]->session();
      next_ = (next_ + 1) % clients_.size();
      sent = session != nullptr && session->send_one();
    }
    if (!sent) {
      all_.counts.held_back += due - paced_;
      paced_ = due;
      break;
    }
  }
  pace_.start(net::timer_wheel::tick);
}

// --- what it says ---

void load_run::on_progress(void* self) {
  auto& run = *static_cast<load_run*>(self);
  run.tell_progress();
  run.all_.book.flush();
  run.progress_.start(progress_interval);
}

void load_run::tell_progress() const {
  ordered_json const line = {
      {"event", "progress"},           {"open", all_.open},          {"sessions", all_.counts.sessions},
      {"sent", all_.counts.sent},      {"acked", all_.counts.acked}, {"unexplained", all_.unexplained},
      {"notices", all_.counts.notices}};
  say_(line.dump());
}

void load_run::tell_open(time_point begun) const {
  ordered_json const line = {{"event", "open"},
                             {"open", all_.open},
                             {"seconds", std::chrono::duration<double>(time_.now() - begun).count()},
                             {"not_connected", all_.counts.not_connected}};
  say_(line.dump());
}

void load_run::tell_done() const {
  auto const& c = all_.counts;
  ordered_json const line = {{"event", "done"},
                             {"seconds", std::chrono::duration<double>(time_.now() - paced_since_).count()},
                             {"sessions", c.sessions},
                             {"sent", c.sent},
                             {"acked", c.acked},
                             {"refused", c.refused},
                             {"notices", c.notices},
                             {"bad", c.bad},
                             {"held_back", c.held_back},
                             {"closed", c.closed},
                             {"not_connected", c.not_connected},
                             {"answer_us", in_us(c.answer_ns)},
                             {"refusal_us", in_us(c.refusal_ns)},
                             {"after_notice_us", in_us(c.after_notice_ns)},
                             {"return_us", in_us(c.return_ns)},
                             {"journal_complete", all_.book.complete()}};
  say_(line.dump());
}

}  // namespace gw::testbed
