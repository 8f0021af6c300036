#include "tools/bench.hpp"

#include "net/event.hpp"
#include "tools/bench_generator.hpp"
#include "tools/bench_stall.hpp"
#include "tools/bench_timeline.hpp"
#include "tools/cpu_time.hpp"
#include "tools/interruptible.hpp"
#include "tools/run_loop.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <limits>
#include <memory>
#include <optional>
#include <utility>

namespace gw::tools {
namespace {

/// Of `budget` messages that the connections take in turn, those of a thread's own.
std::uint64_t share_of(std::uint64_t budget, bench_schedule::part const& of) {
  auto const rest = budget % of.whole;
  return budget / of.whole * of.share + std::min(rest - std::min(rest, of.first), of.share);
}

/// One run, on the thread of the caller; the generators have threads of their own.
class bench_run {
 public:
  bench_run(bench_plan const& plan, bench_messages const& messages, std::vector<bench_target> targets,
            bench_surroundings const& around)
      : plan_(plan),
        messages_(messages),
        targets_(std::move(targets)),
        around_(around),
        loop_(time_),
        changed_(loop_.where()),
        next_look_(
            loop_.wheel, [](void* self) { static_cast<bench_run*>(self)->look(); }, this),
        stall_(plan.answer_limit) {}

  result<bench_report> run() {
    if (around_.catch_signals) {
      auto const leave = [this] { interrupt(); };
      run_loop(loop_, interruptible(loop_, whole(), {.first = leave}));
    } else {
      run_loop(loop_, whole());
    }
    for (auto const& g : generators_) g->join();
    if (failure_) return *failure_;
    report_.counts = bench_counts(messages_.services());
    for (auto const& g : generators_) {
      report_.counts.add(g->counts());
      report_.own_cpu_s += g->cpu_s();
      report_.busiest_cpu_s = std::max(report_.busiest_cpu_s, g->cpu_s());
    }
    for (auto const& of_service : report_.counts.services) report_.all.add(of_service);
    report_.timeline = timeline_.take();
    if (report_.counts.opened == 0 && !report_.interrupted) return no_connection();
    return std::move(report_);
  }

 private:
  error no_connection() const {
    auto const& to = targets_.front().url();
    auto text = targets_.size() > 1 ? std::string("no connection could be opened")
                                    : fmt::format("no connection to {}:{} could be opened", to.host, to.port);
    for (auto const& [what, times] : report_.counts.errors) text += fmt::format("; {} ({} times)", what, times);
    return {errc::connect_failed, side::upstream, std::move(text), {}};
  }

  net::awaitable<void> whole() {
    co_await drive();
    next_look_.stop();
    for (auto const& g : generators_) g->stop();
  }

  void interrupt() {
    report_.interrupted = true;
    changed_.set();
  }

  net::awaitable<void> drive() {
    for (auto& target : targets_) {
      auto addresses = co_await resolve(loop_, target.url());
      if (!addresses) {
        failure_ = addresses.error();
        co_return;
      }
      if (report_.interrupted) co_return;
      // Of several addresses of one name the first is taken, so that all connections go to one server.
      target.address = addresses->front();
    }
    start_generators();
    next_look_.start(plan_.interval);
    while (opened_ < generators_.size() && !over()) co_await next_change();
    if (over() || connected_ == 0) co_return;
    auto const begun = time_.now();
    begun_ = plan_.is_timed() ? begun + plan_.warmup : begun;
    if (!plan_.is_timed()) measure();
    begin_sending(begun);
    if (plan_.is_timed()) {
      co_await pass_until(begun_);
      if (over()) co_return;
      measure();
    }
    co_await until_end_of_measurement();
    end_measurement();
    co_await last_look();
    if (plan_.is_open_loop()) co_await pass(plan_.last_answers);
    // A closed loop by time is cut off at its end; all others wait for their answers.
    for (auto const& g : generators_) g->halt(!report_.interrupted && (!plan_.is_timed() || plan_.is_open_loop()));
  }

  net::awaitable<void> until_end_of_measurement() {
    if (plan_.is_open_loop()) {
      co_await pass_until(begun_ + open_loop_time());
    } else if (plan_.is_timed()) {
      co_await pass(plan_.duration);
    } else {
      while (!over()) co_await next_change();
    }
    if (!plan_.idle || report_.interrupted || report_.stalled) co_return;
    say(fmt::format("the connections are open and idle for {} ms", plan_.duration.count()));
    quiet_ = 0;
    co_await pass(plan_.duration);
  }

  /// The last message is due an interval before its end.
  duration open_loop_time() const {
    return plan_.messages ? seconds(static_cast<double>(*plan_.messages) / plan_.planned_per_s()) : plan_.duration;
  }

  static duration seconds(double count) {
    return std::chrono::duration_cast<duration>(std::chrono::duration<double>(count));
  }

  void start_generators() {
    auto const threads = std::min(std::max<std::size_t>(plan_.threads, 1), std::max<std::size_t>(plan_.connections, 1));
    bench_generator::listener const tell{
        .opened =
            [this](std::size_t connections) {
              on_main([this, connections] {
                ++opened_;
                connected_ += connections;
              });
            },
        .quiet = [this] { on_main([this] { ++quiet_; }); },
    };
    std::uint64_t first = 0;
    for (std::size_t i = 0; i < threads; ++i) {
      auto const share = plan_.connections / threads + (i < plan_.connections % threads ? 1 : 0);
      parts_.push_back({.first = first, .share = share, .whole = plan_.connections});
      generators_.push_back(
          std::make_unique<bench_generator>(plan_, messages_, std::span(targets_), parts_.back(), tell));
      first += share;
    }
    for (auto const& g : generators_) g->start();
  }

  /// Which messages of an open loop count is settled here, not when we come to measure(): they leave meanwhile.
  void begin_sending(time_point begun) {
    auto const end = plan_.is_timed() ? begun_ + plan_.duration : time_point::max();
    auto const budget = plan_.messages.value_or(0);
    for (std::size_t i = 0; i < generators_.size(); ++i) {
      auto const share = plan_.is_timed() ? std::numeric_limits<std::uint64_t>::max() : share_of(budget, parts_[i]);
      generators_[i]->begin(share, {.begin = begun, .measured = begun_, .end = end});
    }
  }

  void measure() {
    if (!plan_.is_open_loop()) begun_ = time_.now();
    for (auto const pid : plan_.cpu_of) report_.cpu_s.emplace_back(pid, cpu_seconds_of(pid));
    for (auto const& g : generators_) g->measure();
    is_measuring_ = true;
    next_look_.start(plan_.interval);
  }

  void end_measurement() {
    auto const passed = time_.now() - begun_;
    // Messages were due for as long as was planned, whenever we come to look, unless it ended before the last one was.
    bool const as_planned =
        plan_.is_open_loop() && passed >= open_loop_time() - seconds(1 / plan_.planned_per_s()) && !report_.interrupted;
    auto const counted = as_planned ? open_loop_time() : passed;
    report_.seconds = std::chrono::duration<double>(counted).count();
    for (auto const& g : generators_) g->end_sending();
    for (auto& [pid, seconds] : report_.cpu_s) {
      auto const spent = cpu_seconds_of(pid);
      if (seconds && spent) {
        *seconds = *spent - *seconds;
      } else {
        seconds.reset();
      }
    }
  }

  // --- now and then ---

  void look() {
    next_look_.start(plan_.interval);
    if (waiting_for_ != 0) return;  // a generator that is busy still owes us the last one
    waiting_for_ = generators_.size();
    looked_at_ = time_.now();
    looked_while_measuring_ = is_measuring_;
    collected_ = std::make_unique<bench_sample>();
    for (auto const& g : generators_)
      g->sample([this](auto made) { loop_.where().execute([this, made] { collect(*made); }); });
  }

  void collect(bench_sample const& of_one) {
    collected_->add(of_one);
    if (--waiting_for_ != 0) return;
    bool const waits = !plan_.is_open_loop() && stall_.is_at_hand(*collected_, looked_at_);
    report_.stalled = report_.stalled || waits;
    auto made = interval(*before_, *collected_, looked_while_measuring_);
    before_ = std::move(collected_);
    changed_.set();
    if (made.measured) {
      made.to_s = std::chrono::duration<double>(looked_at_ - begun_).count();
      made.from_s = std::exchange(looked_s_, made.to_s);
      timeline_.add(made);
    }
    if (around_.watch) around_.watch(made);
  }

  /// What came behind the last full interval.
  net::awaitable<void> last_look() {
    next_look_.stop();
    while (waiting_for_ != 0) co_await next_change();
    look();
    next_look_.stop();
    while (waiting_for_ != 0) co_await next_change();
  }

  bool over() const { return report_.interrupted || report_.stalled || quiet_ == generators_.size(); }

  net::awaitable<void> next_change() {
    co_await changed_.wait();
    changed_.clear();
  }

  /// Lets `time` pass, unless the run is over before.
  net::awaitable<void> pass(duration time) { return pass_until(time_.now() + time); }

  net::awaitable<void> pass_until(time_point then) {
    net::timer alarm(loop_.wheel, changed_);
    for (auto now = time_.now(); now < then && !over(); now = time_.now()) {
      alarm.start(then - now);
      co_await next_change();
    }
  }

  template <class Function>
  void on_main(Function change) {
    loop_.where().execute([this, change] {
      change();
      changed_.set();
    });
  }

  void say(std::string const& text) const {
    if (around_.say) around_.say(text);
  }

  bench_plan const& plan_;
  bench_messages const& messages_;
  std::vector<bench_target> targets_;
  bench_surroundings const& around_;
  monotonic_clock time_;
  net::loop loop_;
  net::event changed_;
  net::timer next_look_;
  bench_stall stall_;
  std::vector<bench_schedule::part> parts_;
  std::vector<std::unique_ptr<bench_generator>> generators_;
  std::unique_ptr<bench_sample> before_ = std::make_unique<bench_sample>();
  std::unique_ptr<bench_sample> collected_;
  std::size_t waiting_for_ = 0;  // generators that still owe a sample
  time_point looked_at_{};
  bool looked_while_measuring_ = false;
  double looked_s_ = 0;        // the time before, since the measurement began
  std::size_t opened_ = 0;     // generators that tried all their connections
  std::size_t connected_ = 0;  // connections
  std::size_t quiet_ = 0;      // generators to which nothing more will come
  time_point begun_{};         // the measurement; while it warms up, of an open loop, when it will
  bool is_measuring_ = false;
  bench_timeline timeline_;
  std::optional<error> failure_;
  bench_report report_;
};

}  // namespace

result<bench_report> run_bench(bench_plan const& plan, bench_surroundings const& around) {
  auto effective = plan;
  if (plan.idle) effective.in_flight = 1;
  if (auto const good = bench_reader::judge(effective); !good) return good.error();
  for (auto const pid : effective.cpu_of) {
    if (!cpu_seconds_of(pid))
      return error{errc::bad_usage, side::client, fmt::format("--cpu-of {}: there is no such process", pid), {}};
  }
  auto const messages = bench_messages::make(effective);
  if (!messages) return messages.error();
  std::vector<bench_target> targets;
  for (auto const& ask : effective.targets) {
    auto target = bench_target::make(ask, effective);
    if (!target) return target.error();
    targets.push_back(std::move(*target));
  }
  bench_run run(effective, *messages, std::move(targets), around);
  return run.run();
}

}  // namespace gw::tools
