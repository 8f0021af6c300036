#include "tools/bench.hpp"

#include "net/event.hpp"
#include "tools/bench_generator.hpp"
#include "tools/cpu_time.hpp"
#include "tools/interruptible.hpp"
#include "tools/run_loop.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <limits>
#include <memory>
#include <optional>

namespace gw::tools {
namespace {

/// One run, on the thread of the caller; the generators have threads of their own.
class bench_run {
 public:
  bench_run(bench_plan const& plan, bench_messages const& messages, bench_surroundings const& around)
      : plan_(plan), messages_(messages), around_(around), loop_(time_), changed_(loop_.where()) {}

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
    if (report_.counts.opened == 0 && !report_.interrupted) return no_connection();
    return std::move(report_);
  }

 private:
  error no_connection() const {
    auto text = fmt::format("no connection to {}:{} could be opened", plan_.to.url.host, plan_.to.url.port);
    for (auto const& [what, times] : report_.counts.errors) text += fmt::format("; {} ({} times)", what, times);
    return {errc::connect_failed, side::upstream, std::move(text), {}};
  }

  net::awaitable<void> whole() {
    co_await drive();
    for (auto const& g : generators_) g->stop();
  }

  void interrupt() {
    report_.interrupted = true;
    changed_.set();
  }

  net::awaitable<void> drive() {
    auto addresses = co_await resolve(loop_, plan_.to.url);
    if (!addresses) {
      failure_ = addresses.error();
      co_return;
    }
    // Of several addresses of one name the first is taken, so that all connections go to one server.
    address_ = addresses->front();
    start_generators();
    while (opened_ < generators_.size() && !over()) co_await next_change();
    if (over()) co_return;
    begin();
    if (!plan_.messages && !plan_.idle) co_await pass(plan_.warmup);
    measure();
    if (plan_.messages || plan_.idle) {
      while (!over()) co_await next_change();
    }
    if (plan_.idle && !report_.interrupted) {
      say(fmt::format("the connections are open and idle for {} ms", plan_.duration.count()));
      quiet_ = 0;
      co_await pass(plan_.duration);
    } else if (!plan_.messages) {
      co_await pass(plan_.duration);
    }
    finish();
  }

  void start_generators() {
    auto const threads = std::min(std::max<std::size_t>(plan_.threads, 1), std::max<std::size_t>(plan_.connections, 1));
    bench_generator::listener const tell{
        .opened = [this] { on_main([this] { ++opened_; }); },
        .quiet =
            [this](bool stalled) {
              on_main([this, stalled] {
                ++quiet_;
                report_.stalled = report_.stalled || stalled;
              });
            },
    };
    std::uint64_t first = 0;
    for (std::size_t i = 0; i < threads; ++i) {
      auto const share = plan_.connections / threads + (i < plan_.connections % threads ? 1 : 0);
      generators_.push_back(
          std::make_unique<bench_generator>(plan_, messages_, std::span(&address_, 1), first, share, tell));
      first += share;
    }
    for (auto const& g : generators_) g->start();
  }

  void begin() {
    auto const whole =
        plan_.idle ? plan_.connections : plan_.messages.value_or(std::numeric_limits<std::uint64_t>::max());
    auto const n = generators_.size();
    if (plan_.messages || plan_.idle) measure();
    for (std::size_t i = 0; i < n; ++i) {
      bool const endless = !plan_.messages && !plan_.idle;
      generators_[i]->begin(endless ? whole : whole / n + (i < whole % n ? 1 : 0));
    }
  }

  void measure() {
    if (begun_) return;
    begun_ = time_.now();
    for (auto const pid : plan_.cpu_of) report_.cpu_s.emplace_back(pid, cpu_seconds_of(pid));
    for (auto const& g : generators_) g->measure();
  }

  void finish() {
    report_.seconds = std::chrono::duration<double>(time_.now() - *begun_).count();
    for (auto const& g : generators_) g->halt();
    for (auto& [pid, seconds] : report_.cpu_s) {
      auto const now = cpu_seconds_of(pid);
      if (seconds && now) {
        *seconds = *now - *seconds;
      } else {
        seconds.reset();
      }
    }
  }

  bool over() const { return report_.interrupted || report_.stalled || quiet_ == generators_.size(); }

  net::awaitable<void> next_change() {
    co_await changed_.wait();
    changed_.clear();
  }

  /// Lets `time` pass, unless the run is over before.
  net::awaitable<void> pass(duration time) {
    bool passed = false;
    auto const until = time_.now() + time;
    net::timer alarm(
        loop_.wheel, [](void* changed) { static_cast<net::event*>(changed)->set(); }, &changed_);
    alarm.start(time);
    while (!passed && !over()) {
      co_await next_change();
      passed = time_.now() >= until;
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
  bench_surroundings const& around_;
  monotonic_clock time_;
  net::loop loop_;
  net::event changed_;
  net::address address_;
  std::vector<std::unique_ptr<bench_generator>> generators_;
  std::size_t opened_ = 0;  // generators that tried all their connections
  std::size_t quiet_ = 0;   // generators to which nothing more will come
  std::optional<time_point> begun_;
  std::optional<error> failure_;
  bench_report report_;
};

}  // namespace

result<bench_report> run_bench(bench_plan const& plan, bench_surroundings const& around) {
  auto effective = plan;
  if (plan.idle) effective.in_flight = 1;
  auto const messages = bench_messages::make(effective);
  if (!messages) return messages.error();
  bench_run run(effective, *messages, around);
  return run.run();
}

}  // namespace gw::tools
