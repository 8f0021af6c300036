#include "discovery/announcements.hpp"

#include "testing/catch.hpp"
#include "testing/run_loop.hpp"

#include <chrono>
#include <functional>
#include <string>
#include <utility>

using namespace gw;
using namespace gw::discovery;

namespace {

/// Answers in turn as a script says: `+` yes, `-` an error, `?` forgotten. Behind its end, it ends the announcements.
class scripted_registrar final : public registrar {
 public:
  scripted_registrar(std::string script, std::string& log)
      : registrar(nullptr), script_(std::move(script)), log_(log) {}

  net::awaitable<result<>> enter(entry& what) override {
    auto const said = next("enter " + what.service);
    if (said != '+') co_return refusal();
    co_return result<>();
  }
  net::awaitable<result<bool>> renew(entry& what) override {
    auto const said = next("renew " + what.service);
    if (said == '-') co_return refusal();
    co_return said == '+';
  }
  net::awaitable<result<>> remove(entry& what) override {
    log_ += "remove " + what.service + "; ";
    if (silent != nullptr) co_await silent->wait();
    if (cannot_remove) co_return refusal();
    co_return result<>();
  }
  duration period() const noexcept override { return std::chrono::milliseconds(1); }
  void close() noexcept override {
    log_ += "close; ";
    if (silent != nullptr) silent->set();
  }

  std::function<void()> at_the_end;
  bool cannot_remove = false;
  net::event* silent = nullptr;  // if set, close() is what ends a removal

 private:
  static error refusal() { return {errc::connect_failed, side::upstream, "no", {}}; }
  char next(std::string const& asked) {
    log_ += asked + "; ";
    auto const said = script_.front();
    script_.erase(0, 1);
    if (script_.empty()) at_the_end();
    return said;
  }

  std::string script_;
  std::string& log_;
};

void check(std::string const& script, std::string const& expected, bool cannot_remove = false) {
  INFO(script);
  std::string log;
  monotonic_clock const time;
  testing::run_loop(time, [&](net::loop& l) -> net::awaitable<void> {
    auto made = std::make_unique<scripted_registrar>(script, log);
    auto& registry = *made;
    registry.cannot_remove = cannot_remove;
    announcements announced(l, std::move(made), [&log](entry const& what, result<> const& how) {
      log += what.service + (how ? " is in; " : " is out: " + how.error().context + "; ");
    });
    registry.at_the_end = [&announced] { announced.end(); };
    announced.add({.service = "a", .where = {}, .lease = {}});
    announced.add({.service = "b", .where = {}, .lease = {}});
    auto const entered = co_await announced.enter();
    log += entered ? "begun; " : "not begun; ";
    co_await announced.keep();
  });
  CHECK(log == expected);
}

}  // namespace

TEST_CASE("instances are entered, renewed, and taken out in the end") {
  check("++++", "enter a; a is in; enter b; b is in; begun; renew a; renew b; remove a; remove b; ");
}

TEST_CASE("what the registry has forgotten is entered again") {
  check("++?++", "enter a; a is in; enter b; b is in; begun; renew a; enter a; renew b; remove a; remove b; ");
}

TEST_CASE("failures are told once, as is their end, and what was entered is renewed through them") {
  check(
      "++-+-+++",
      "enter a; a is in; enter b; b is in; begun; renew a; a is out: no; renew b; renew a; renew b; renew a; a is in; "
      "renew b; remove a; remove b; ");
}

TEST_CASE("who ends it before all are entered does not wait for the registry") {
  check("+-", "enter a; a is in; enter b; close; b is out: no; not begun; remove a; ");
}

TEST_CASE("a registry that refuses the first is not asked for the others, and one that is gone is left alone") {
  check("-++", "enter a; a is out: no; not begun; enter b; b is in; enter a; a is in; remove a; remove b; ");
  check("+++", "enter a; a is in; enter b; b is in; begun; renew a; remove a; ", true);
}

TEST_CASE("a registry that says nothing is left alone soon after the end") {
  std::string log;
  manual_clock time;
  net::loop l(time);
  net::event silence(l.where());
  auto made = std::make_unique<scripted_registrar>("+", log);
  auto& registry = *made;
  registry.silent = &silence;
  registry.cannot_remove = true;
  announcements announced(l, std::move(made));
  registry.at_the_end = [&announced] { announced.end(); };
  announced.add({.service = "a", .where = {}, .lease = {}});
  net::task_group keeping(l.where());
  keeping.spawn(announced.keep());
  l.io.poll();
  CHECK(log == "enter a; remove a; ");
  CHECK(keeping.size() == 1);
  time.advance(announcements::longest_leave + std::chrono::seconds(1));
  l.wheel.advance();
  l.io.restart();
  l.io.poll();
  CHECK(log == "enter a; remove a; close; ");
  CHECK(keeping.size() == 0);
  l.shut_down();
}
