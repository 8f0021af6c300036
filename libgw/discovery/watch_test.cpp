#include "discovery/watch.hpp"

#include "net/task_group.hpp"
#include "testing/catch.hpp"

#include <deque>
#include <future>
#include <string>
#include <utility>

using namespace std::chrono_literals;

namespace {

using gw::discovery::ask;
using gw::discovery::catalogue;
using gw::discovery::offer;
using gw::discovery::watch;
using gw::discovery::watch_report;

offer at(std::string host, std::uint16_t port) {
  offer o;
  o.host = std::move(host);
  o.port = port;
  return o;
}

/// `count` instances of the service `s`.
catalogue list_of(std::uint16_t count) {
  catalogue made = {{"s", {}}};
  for (std::uint16_t i = 1; i <= count; ++i) made["s"].push_back(at("10.0.0.1", i));
  return made;
}

gw::error refused_to_answer() {
  return {gw::errc::connect_failed, gw::side::upstream, "the registry does not answer", {}};
}

/// What the test says it knows; every question is noted.
struct script {
  gw::result<catalogue> says = list_of(0);
  std::deque<gw::result<catalogue>> next = {};  // answers of the next questions, before `says`
  std::vector<ask> asked = {};
  bool waits = false;
  gw::duration longest_pause = 60s;
  std::size_t unreadable = 0;
  bool stopped = false;
};

class scripted final : public gw::discovery::source {
 public:
  explicit scripted(script& by) : script_(by) {}

  gw::net::awaitable<gw::result<catalogue>> discover(ask what) override {
    script_.asked.push_back(what);
    if (script_.next.empty()) co_return script_.says;
    auto answer = std::move(script_.next.front());
    script_.next.pop_front();
    co_return answer;
  }
  bool waits_for_news() const noexcept override { return script_.waits; }
  gw::duration longest_pause() const noexcept override { return script_.longest_pause; }
  std::size_t unreadable() const noexcept override { return script_.unreadable; }
  void stop() noexcept override { script_.stopped = true; }

 private:
  script& script_;
};

gw::config::discovery settings() {
  return {.name = "test", .type = "scripted", .refresh = 30s};
}

/// A watch over a script, on a clock that the test moves.
class world {
 public:
  explicit world(gw::config::discovery const& by = settings())
      : watch_(loop_, by, std::make_unique<scripted>(source),
               gw::discovery::judge(by, {{"s", "s"}, {"t", "t"}}, false, {{*gw::config::parse_ip("10.0.0.9"), 80}}),
               {[this](std::string, std::uint16_t port) { return answers_at(port); },
                [known = names.get_future().share()](std::string const&) { return known.get(); }},
               {[this] { ++changes; }, [this] { ++reports; }}, 1) {
    running_.spawn(watch_.run());
    settle();
  }

  ~world() {
    watch_.stop();
    settle();
    loop_.shut_down();
    settle();
  }

  /// Lets time pass, in small steps, and everything happen that is due.
  void pass(gw::duration time, gw::duration step = 100ms) {
    for (gw::duration passed{}; passed < time; passed += step) {
      time_.advance(step);
      loop_.wheel.advance();
      settle();
    }
  }

  /// How many instances are believed in.
  std::size_t count(std::string_view service = "s") const {
    auto const s = watch_.believed().find(service);
    return s == watch_.believed().end() ? 0 : s->second.size();
  }
  watch_report const& report() const { return watch_.report(); }
  std::vector<std::string> addresses_of(std::string_view host, std::uint16_t port) const {
    return watch_.addresses_of(host, port);
  }

  /// Until the source has answered so often; what is waited for comes without time.
  void until_answers(std::uint64_t count) {
    loop_.io.restart();
    while (report().answers < count) loop_.io.run_one();
  }

  script source;
  gw::duration dials_take = 0s;
  std::vector<std::uint16_t> alive;                          // ports that take connections
  std::promise<gw::result<std::vector<std::string>>> names;  // what every host name stands for
  int changes = 0;
  int reports = 0;

 private:
  gw::net::awaitable<bool> answers_at(std::uint16_t port) {
    if (dials_take != 0s) co_await loop_.wheel.sleep(dials_take);
    co_return std::find(alive.begin(), alive.end(), port) != alive.end();
  }

  void settle() {
    loop_.io.restart();
    loop_.io.poll();
  }

  gw::manual_clock time_;
  gw::net::loop loop_{time_};
  gw::net::task_group running_{loop_.where()};
  watch watch_;
};

}  // namespace

TEST_CASE("the first question is asked at once, the next one after about the period, and an equal list is no change") {
  world w;
  CHECK(w.source.asked == std::vector{ask::everything});
  CHECK(w.report().answers == 1);
  CHECK(w.changes == 1);
  w.pass(26s);
  CHECK(w.source.asked.size() == 1);
  w.pass(8s);
  CHECK(w.source.asked == std::vector{ask::everything, ask::news});
  CHECK(w.changes == 1);
  w.source.says = list_of(2);
  w.pass(34s);
  CHECK(w.count() == 2);
  CHECK(w.changes == 2);
}

TEST_CASE("what costs nothing to ask is asked again soon, however long it has failed") {
  world w;
  w.source.longest_pause = 2s;
  w.source.says = refused_to_answer();
  w.pass(10min);
  w.source.says = list_of(3);
  w.pass(2s);
  CHECK(w.count() == 3);
}

TEST_CASE("ten minutes without an answer change nothing, and are asked about ever more rarely") {
  world w;
  w.source.says = list_of(3);
  w.pass(34s);
  REQUIRE(w.count() == 3);
  w.source.asked.clear();
  w.source.says = refused_to_answer();
  w.pass(10min);
  CHECK(w.count() == 3);
  CHECK(w.source.asked.size() >= 12);
  CHECK(w.source.asked.size() <= 32);
  CHECK(w.report().fault == "the registry does not answer");
  CHECK(w.report().failures == w.source.asked.size());
  w.source.asked.clear();
  w.source.says = list_of(4);
  w.pass(61s);
  CHECK(w.source.asked.front() == ask::everything);
  CHECK(w.count() == 4);
  CHECK(w.report().fault.empty());
}

TEST_CASE("news follow one another after a tenth of a second at the earliest") {
  world w;
  w.source.waits = true;
  w.pass(34s);
  w.source.asked.clear();
  w.pass(1s, 20ms);
  CHECK(w.source.asked.size() >= 6);
  CHECK(w.source.asked.size() <= 10);
  CHECK(std::count(w.source.asked.begin(), w.source.asked.end(), ask::news) ==
        static_cast<long>(w.source.asked.size()));
}

TEST_CASE("half of a service that vanishes at once is believed when it was said three times") {
  world w;
  w.source.says = list_of(10);
  w.pass(34s);
  w.source.asked.clear();
  w.source.says = list_of(4);
  while (w.source.asked.empty()) w.pass(100ms);
  CHECK(w.count() == 10);
  w.pass(1100ms);
  CHECK(w.source.asked.size() == 2);
  CHECK(w.count() == 10);
  w.pass(1100ms);
  CHECK(w.source.asked == std::vector{ask::news, ask::everything, ask::everything});
  CHECK(w.count() == 4);
}

TEST_CASE("a loss that is not said three times alike is not believed") {
  world w;
  w.source.says = list_of(10);
  w.pass(34s);
  w.source.next = {list_of(4), list_of(4)};
  w.pass(40s);
  CHECK(w.count() == 10);
  w.source.next = {list_of(0), refused_to_answer(), list_of(0)};
  w.pass(40s);
  CHECK(w.count() == 10);
}

TEST_CASE("a service that is doubted does not delay what is said of another") {
  world w;
  auto listed = list_of(10);
  listed["t"] = {at("10.0.0.2", 1)};
  w.source.says = listed;
  w.pass(34s);
  listed["s"].clear();
  listed["t"].push_back(at("10.0.0.2", 2));
  w.source.next = {listed, listed, refused_to_answer()};
  w.pass(34s);
  CHECK(w.count() == 10);
  CHECK(w.count("t") == 2);
}

TEST_CASE("an empty list is believed only where that is allowed, or when nobody answers any more") {
  auto const emptied = [](world& w) {
    w.source.says = list_of(3);
    w.pass(34s);
    REQUIRE(w.count() == 3);
    w.source.says = list_of(0);
    w.pass(40s);
    return w.count();
  };
  SECTION("somebody answers") {
    world w;
    w.alive = {3};
    CHECK(emptied(w) == 3);
    w.pass(5min);
    CHECK(w.count() == 3);
    w.alive.clear();
    w.pass(40s);
    CHECK(w.count() == 0);
  }
  SECTION("nobody answers") {
    world w;
    CHECK(emptied(w) == 0);
  }
  SECTION("it is allowed") {
    auto by = settings();
    by.allow_empty = true;
    world w(by);
    w.alive = {1, 2, 3};
    CHECK(emptied(w) == 0);
  }
}

TEST_CASE("of many that are gone without a word it is found out at once") {
  world w;
  w.dials_take = 1s;
  w.source.says = list_of(200);
  w.pass(34s);
  REQUIRE(w.count() == 200);
  w.source.says = list_of(0);
  w.pass(38s);
  CHECK(w.count() == 0);
}

TEST_CASE("of lists that are asked for again the newest counts") {
  auto const left = [](std::size_t others) {
    auto made = list_of(4);
    for (std::size_t i = 1; i <= others; ++i) made["t"].push_back(at("10.0.0.2", static_cast<std::uint16_t>(i)));
    return made;
  };
  world w;
  w.source.says = list_of(10);
  w.pass(34s);
  w.source.asked.clear();
  w.source.next = {left(1), left(2), left(3)};
  while (w.source.asked.size() < 3) w.pass(100ms);
  CHECK(w.count() == 4);
  CHECK(w.count("t") == 3);
}

TEST_CASE("an instance that flaps is damped, and leaves for good without another question") {
  world w;
  w.source.waits = true;
  w.source.says = list_of(3);
  w.pass(34s);
  w.source.says = list_of(4);
  w.pass(1s);
  REQUIRE(w.count() == 4);
  auto const before = w.changes;
  for (int i = 0; i < 20; ++i) {
    w.source.says = list_of(i % 2 == 0 ? 3 : 4);
    w.pass(1s);
    CHECK(w.count() == 4);
  }
  CHECK(w.changes == before);
  w.source.says = list_of(3);
  w.pass(9s);
  CHECK(w.count() == 4);
  w.pass(2s);
  CHECK(w.count() == 3);
}

TEST_CASE("what is refused is counted once for as long as it is listed") {
  world w;
  auto listed = list_of(2);
  listed["s"].push_back(at("127.0.0.1", 9));
  listed["s"].push_back(at("10.0.0.1", 0));
  w.source.says = listed;
  w.pass(34s * 4);
  auto const refused = [&w](gw::discovery::refusal why) { return w.report().refused[static_cast<std::size_t>(why)]; };
  CHECK(w.count() == 2);
  CHECK(refused(gw::discovery::refusal::address) == 1);
  CHECK(refused(gw::discovery::refusal::port) == 1);
  w.source.says = list_of(2);
  w.pass(34s);
  w.source.says = listed;
  w.pass(34s);
  CHECK(refused(gw::discovery::refusal::address) == 2);
}

TEST_CASE("entries that name no instance are told as they stand in the last list") {
  world w;
  w.source.says = list_of(2);
  w.source.unreadable = 3;
  w.pass(34s);
  CHECK(w.report().unreadable == 3);
  w.source.unreadable = 0;
  w.pass(34s);
  CHECK(w.report().unreadable == 0);
}

TEST_CASE("a source has answered when its names are looked up and its instances published") {
  world w;
  w.source.says = catalogue{{"s", {at("slow.test", 80)}}};
  while (w.source.asked.size() < 2) w.pass(100ms);
  CHECK(w.report().answers == 1);
  CHECK(w.count() == 0);
  w.names.set_value(std::vector<std::string>{"10.0.0.7", "10.0.0.9", "127.0.0.1"});
  w.until_answers(2);
  CHECK(w.count() == 1);
  CHECK(w.addresses_of("slow.test", 80) == std::vector<std::string>{"10.0.0.7"});
  CHECK(w.addresses_of("slow.test", 81) == std::vector<std::string>{"10.0.0.7", "10.0.0.9"});
}

TEST_CASE("a watch that stops ends its source, and asks no more") {
  script kept;
  gw::manual_clock time;
  gw::net::loop loop(time);
  gw::net::task_group running(loop.where());
  auto const nobody = [](std::string, std::uint16_t) -> gw::net::awaitable<bool> { co_return false; };
  watch tested(loop, settings(), std::make_unique<scripted>(kept), gw::discovery::judge(settings(), {}, false, {}),
               {nobody}, {[] {}, [] {}}, 1);
  running.spawn(tested.run());
  loop.io.poll();
  tested.stop();
  loop.io.restart();
  loop.io.poll();
  CHECK(running.size() == 0);
  CHECK(kept.stopped);
  CHECK(kept.asked.size() == 1);
  loop.shut_down();
}
