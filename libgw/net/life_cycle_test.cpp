#include "net/condition_variable.hpp"
#include "net/event.hpp"
#include "net/loop.hpp"
#include "net/task_group.hpp"
#include "net/timer_wheel.hpp"
#include "testing/catch.hpp"
#include "testing/run_loop.hpp"

#include <boost/asio/post.hpp>

#include <span>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

using namespace gw;
using namespace std::chrono_literals;

namespace {

net::awaitable<void> note_when_set(net::event& e, std::vector<std::string>& log) {
  log.emplace_back("waiting");
  co_await e.wait();
  log.emplace_back("woken");
}

net::awaitable<void> fail_with(char const* text) {
  throw std::runtime_error(text);
  co_return;
}

net::awaitable<void> outlast_a_timer(net::loop& busy) {
  net::event over(busy.where());
  net::timer due(busy.wheel, over);
  due.start(1ms);
  std::this_thread::sleep_for(60ms);  // sleep: this is what keeps the loop busy
  co_await over.wait();
}

}  // namespace

TEST_CASE("setting an event does not resume its waiter on the spot") {
  monotonic_clock const time;
  std::vector<std::string> log;
  testing::run_loop(time, [&](net::loop& l) -> net::awaitable<void> {
    net::event e(l.where());
    net::event posted(l.where());
    net::task_group group(l.where());
    group.spawn(note_when_set(e, log));
    boost::asio::post(l.where(), [&] { posted.set(); });
    co_await posted.wait();
    e.set();
    log.emplace_back("set");
    co_await group.join();
  });
  CHECK(log == std::vector<std::string>{"waiting", "set", "woken"});
}

TEST_CASE("waiting for an event that is set returns at once") {
  monotonic_clock const time;
  int passed = 0;
  testing::run_loop(time, [&](net::loop& l) -> net::awaitable<void> {
    net::event e(l.where());
    e.set();
    co_await e.wait();
    co_await e.wait();
    ++passed;
  });
  CHECK(passed == 1);
}

TEST_CASE("a task group joins every task, also those spawned while it joins, and rethrows the first failure") {
  monotonic_clock const time;
  std::vector<std::string> log;
  auto const run = [&] {
    testing::run_loop(time, [&](net::loop& l) -> net::awaitable<void> {
      net::task_group group(l.where());
      net::event e(l.where());
      group.spawn(note_when_set(e, log));
      group.spawn(fail_with("first"));
      group.spawn(fail_with("second"));
      auto late = [](net::task_group& g, net::event& ev, std::vector<std::string>& lines) -> net::awaitable<void> {
        g.spawn(note_when_set(ev, lines));
        ev.set();
        co_return;
      };
      group.spawn(late(group, e, log));
      co_await group.join();
    });
  };
  CHECK_THROWS_WITH(run(), "first");
  CHECK(log.size() == 4);
}

TEST_CASE("timers fire in the order of their deadlines, once, and never early") {
  manual_clock time;
  boost::asio::io_context io;
  net::timer_wheel wheel(io.get_executor(), time);
  std::vector<int> fired;
  struct entry {
    std::vector<int>* to;
    int number;
  };
  auto const note = [](void* e) { static_cast<entry*>(e)->to->push_back(static_cast<entry*>(e)->number); };
  std::vector<entry> owners = {{&fired, 0}, {&fired, 1}, {&fired, 2}, {&fired, 3}};
  net::timer a(wheel, note, &owners[0]);
  net::timer b(wheel, note, &owners[1]);
  net::timer far(wheel, note, &owners[2]);
  net::timer stopped(wheel, note, &owners[3]);
  a.start(100ms);
  b.start(50ms);
  far.start(60s);  // several revolutions of the wheel
  stopped.start(50ms);
  stopped.stop();

  time.advance(49ms);
  wheel.advance();
  CHECK(fired.empty());
  time.advance(20ms);
  wheel.advance();
  CHECK(fired == std::vector<int>{1});
  time.advance(60ms);
  wheel.advance();
  CHECK(fired == std::vector<int>{1, 0});
  time.advance(59s);
  wheel.advance();
  CHECK(fired == std::vector<int>{1, 0});
  time.advance(1s);
  wheel.advance();
  CHECK(fired == std::vector<int>{1, 0, 2});
  CHECK(wheel.size() == 0);
}

TEST_CASE("a timer that is started for a time that is over fires with the next tick") {
  manual_clock time;
  boost::asio::io_context io;
  net::timer_wheel wheel(io.get_executor(), time);
  time.advance(1min);
  wheel.advance();
  int fired = 0;
  net::timer late(
      wheel, [](void* count) { ++*static_cast<int*>(count); }, &fired);
  late.start(-5s);
  time.advance(net::timer_wheel::tick);
  wheel.advance();
  CHECK(fired == 1);
  late.stop();
}

TEST_CASE("a timer may be started again and others stopped from inside a callback") {
  manual_clock time;
  boost::asio::io_context io;
  net::timer_wheel wheel(io.get_executor(), time);
  struct both {
    net::timer* other = nullptr;
    net::timer* self = nullptr;
    int fired = 0;
  } owner;
  auto const restart = [](void* p) {
    auto& o = *static_cast<both*>(p);
    ++o.fired;
    o.other->stop();
    if (o.fired < 3) o.self->start(32ms);
  };
  net::timer first(wheel, restart, &owner);
  net::timer victim(wheel, restart, &owner);
  owner.self = &first;
  owner.other = &victim;
  first.start(32ms);
  victim.start(32ms);
  for (int i = 0; i < 20; ++i) {
    time.advance(16ms);
    wheel.advance();
  }
  CHECK(owner.fired == 3);
  CHECK(wheel.size() == 0);
}

TEST_CASE("a stall longer than a revolution fires everything that is due exactly once") {
  manual_clock time;
  boost::asio::io_context io;
  net::timer_wheel wheel(io.get_executor(), time);
  int fired = 0;
  auto const count = [](void* p) { ++*static_cast<int*>(p); };
  std::vector<std::unique_ptr<net::timer>> timers;
  for (int i = 1; i <= 100; ++i) {
    timers.push_back(std::make_unique<net::timer>(wheel, count, &fired));
    timers.back()->start(i * 1s);
  }
  time.advance(1h);
  wheel.advance();
  CHECK(fired == 100);
}

TEST_CASE("a loop that was kept busy says how late its timers were") {
  bucket_counts late(std::span<std::uint64_t const>{});
  monotonic_clock const time;
  net::loop loop(time, {.timers_late = &late});
  loop.run_until_done(outlast_a_timer(loop));
  bucket_counts::totals all;
  late.add_to(all);
  CHECK(all.count() == 1);
  CHECK(all.sum > 20'000);
}

namespace {

net::awaitable<void> not_wait_for(net::loop& on, duration time) {
  net::event never(on.where());
  net::timer unheard(on.wheel, never);
  unheard.start(time);
  co_return;
}

}  // namespace

TEST_CASE("a loop that runs until a task is done does not wait for timers that the task has stopped") {
  monotonic_clock const time;
  net::loop loop(time);
  auto const begun = time.now();
  loop.run_until_done(not_wait_for(loop, 1min));
  CHECK(time.now() - begun < 5s);
}

namespace {

net::awaitable<void> wait_and_note(net::condition_variable& c, duration at_most, std::string name,
                                   std::vector<std::string>& log) {
  co_await c.wait_for(at_most);
  log.push_back(std::move(name));
}

net::awaitable<void> notify_two_of_three(net::loop& on, net::condition_variable& c, std::vector<std::string>& log) {
  net::task_group waiting(on.where());
  waiting.spawn(wait_and_note(c, 1ms, "too late", log));
  co_await waiting.join();
  waiting.spawn(wait_and_note(c, 1h, "one", log));
  waiting.spawn(wait_and_note(c, 1h, "two", log));
  net::task_group notifying(on.where());
  auto notify = [](net::condition_variable& to) -> net::awaitable<void> {
    to.notify_all();
    co_return;
  };
  notifying.spawn(notify(c));
  co_await notifying.join();
  co_await waiting.join();
}

}  // namespace

TEST_CASE("a notification wakes everybody who waits for it, and nobody waits longer than asked") {
  monotonic_clock const time;
  net::loop loop(time);
  net::condition_variable tested(loop);
  std::vector<std::string> log;
  tested.notify_all();
  loop.run_until_done(notify_two_of_three(loop, tested, log));
  CHECK(log == std::vector<std::string>{"too late", "one", "two"});
}
