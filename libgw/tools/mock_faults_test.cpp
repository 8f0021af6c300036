#include "tools/mock_service.hpp"

#include "testing/catch.hpp"
#include "tools/client.hpp"

#include <fmt/core.h>
#include <nlohmann/json.hpp>

#include <unistd.h>

#include <array>
#include <cerrno>
#include <system_error>

using namespace gw;
using namespace gw::tools;

namespace {

/// A mock of one instance, order-1, that behaves as the settings say: "fail 5%", "close-after 3".
struct faulty_mock {
  explicit faulty_mock(std::vector<std::string_view> const& settings) {
    mock_plan plan{.service = "order"};
    for (auto const setting : settings) {
      auto const space = setting.find(' ');
      REQUIRE(set_behaviour(plan.behaviour, setting.substr(0, space), setting.substr(space + 1)).has_value());
    }
    REQUIRE(mock.start({plan}, *net::address::parse("127.0.0.1:0"), 7).has_value());
  }

  client_plan plan(std::string_view script, std::chrono::milliseconds limit = std::chrono::seconds(10)) const {
    client_plan made;
    auto const& at = mock.instances().front().at;
    made.to.url = {.host = at.ip(), .port = at.port(), .target = "/socket?x=1"};
    auto steps = parse_script(script);
    REQUIRE(steps.has_value());
    made.steps = std::move(*steps);
    made.limit = limit;
    made.connect_limit = limit;
    return made;
  }

  /// What the client says of a conversation; empty: all went as the script says.
  std::string talk(std::string_view script, std::chrono::milliseconds limit = std::chrono::seconds(10)) const {
    return run_client(plan(script, limit), {}).why;
  }

  /// {"ok":..} of the answer to a control line.
  bool control(std::string_view line) {
    auto const answer = mock.control(line);
    auto const last = answer.rfind('\n', answer.size() - 2);
    return nlohmann::json::parse(answer.substr(last == std::string::npos ? 0 : last + 1)).at("ok").get<bool>();
  }

  mock_service mock;
};

/// For what never comes.
constexpr std::chrono::milliseconds shortly{200};

void check_ends(std::vector<std::string_view> const& settings, std::string_view script, std::string_view why,
                std::chrono::milliseconds limit = std::chrono::seconds(10)) {
  CAPTURE(script, why);
  faulty_mock const m(settings);
  CHECK_THAT(m.talk(script, limit), Catch::Contains(std::string(why)));
}

void check_holds(std::vector<std::string_view> const& settings, std::string_view script) {
  CAPTURE(script);
  faulty_mock const m(settings);
  CHECK(m.talk(script).empty());
}

/// How many of the answers to 200 messages were errors.
int failures_of_200(std::vector<std::string_view> const& settings) {
  faulty_mock const m(settings);
  auto plan = m.plan("");
  for (int i = 0; i < 200; ++i) plan.steps.push_back({.what = step::kind::send, .text = "{}"});
  plan.leave_after = 200;
  int failed = 0;
  run_client(plan, [&](client_event const& e) { failed += e.text.find("error") != std::string_view::npos ? 1 : 0; });
  return failed;
}

}  // namespace

TEST_CASE("A mock answers with the text that it was given") {
  check_holds({R"(text {"who":"{instance}","of":"{service}","n":{n},"id":{/id},"at":"{path}"})"},
              "send {\"id\":[5]}\nexpect /who=order-1\nand /of=order\nand /n=1\nand /id=[5]\nand /at=/socket?x=1\n"
              "send x\nexpect /n=2\nand /id=null");
}

TEST_CASE("A mock fails, is silent or hangs up as often as it was asked to") {
  check_holds({"fail 100%"}, "call order/a 1\nexpect /error=\"a failure that was asked for\"\nand /id=1\nand /n=1");
  check_ends({"drop 100%"}, "send 1\nexpect /n=1", "no message within 200 ms", shortly);
  check_holds({"hang-up 100%", "close-code 1011"}, "send 1\nexpect-close 1011");
  check_holds({"hang-up 100%", "close-code 1006"}, "send 1\nexpect-close 1006");
  auto const first = failures_of_200({"fail 30%", "reply raw"});
  CHECK(first > 30);
  CHECK(first < 90);
  CHECK(failures_of_200({"fail 30%", "reply raw"}) == first);
}

TEST_CASE("A mock closes with the code it was given, behind the last answer") {
  check_holds({"close-after 2", "close-code 4001"}, "send 1\nsend 2\nexpect /n=1\nexpect /n=2\nexpect-close 4001");
  check_holds({"close-after 2", "close-code 4001", "delay 20ms"},
              "send 1\nsend 2\nsend 3\nexpect /n=1\nexpect /n=2\nexpect-close 4001");
}

TEST_CASE("A mock closes behind so many messages, however many are still to come") {
  faulty_mock const m({"close-after 3", "delay 20ms", "reply raw"});
  auto plan = m.plan("");
  for (int i = 0; i < 40; ++i) {
    plan.steps.push_back({.what = step::kind::send, .text = "x"});
    plan.steps.push_back({.what = step::kind::wait, .time = std::chrono::milliseconds(4)});
  }
  int answers = 0;
  run_client(plan, [&](client_event const& e) { answers += e.what == client_event::kind::message ? 1 : 0; });
  CHECK(answers == 3);
}

TEST_CASE("Delayed answers keep their order, however differently they are delayed") {
  std::string script;
  for (int i = 1; i <= 30; ++i) script += "send {}\n";
  for (int i = 1; i <= 30; ++i) script += fmt::format("expect /n={}\n", i);
  check_holds({"delay 0..40ms"}, script);
}

TEST_CASE("A mock sends what no server may send") {
  check_ends({"masked on"}, "send 1\nexpect /n=1", "protocol error of the server");
  faulty_mock const big({"oversize 100KB"});
  auto plan = big.plan("send 1");
  plan.leave_after = 1;
  std::size_t size = 0;
  run_client(plan, [&](client_event const& e) { size = std::max(size, e.text.size()); });
  CHECK(size == 100'000);
}

TEST_CASE("A mock floods without being asked, as fast as it goes or at a rate") {
  for (std::string_view const how : {"flood 1KiB", "flood 1KiB 500/s"}) {
    faulty_mock const m({how});
    auto plan = m.plan("");
    plan.leave_after = 20;
    std::vector<std::size_t> sizes;
    auto const ended = run_client(plan, [&](client_event const& e) {
      if (e.what == client_event::kind::message) sizes.push_back(e.text.size());
    });
    CHECK(ended.how == client_outcome::verdict::done);
    CHECK(sizes == std::vector<std::size_t>(20, 1024));
  }
}

TEST_CASE("A mock treats handshakes as it was asked to") {
  check_ends({"status 503"}, "send 1", "HTTP 503");
  check_ends({"wrong-key on"}, "send 1", "a bad handshake");
  check_ends({"refuse on"}, "send 1", "refused");
  check_ends({"hang before"}, "send 1", "did not answer the handshake in time", shortly);
  check_ends({"hang after"}, "send 1\nexpect /n=1", "no message within 200 ms", shortly);
}

TEST_CASE("A mock that reads slowly answers the rest later") {
  faulty_mock const m({"read-rate 1MB/s", "reply raw"});
  auto plan = m.plan("");
  for (int i = 0; i < 8; ++i) plan.steps.push_back({.what = step::kind::send, .text = std::string(16'384, 'x')});
  plan.leave_after = 8;
  double at_ms = 0;
  auto const ended = run_client(plan, [&](client_event const& e) { at_ms = e.at_ms; });
  CHECK(ended.how == client_outcome::verdict::done);
  CHECK(at_ms > 100);  // 128 KiB at 1 MB/s, the first read free
}

TEST_CASE("A client that pings finds out that the server lives no more") {
  faulty_mock const m({"half-open on"});
  auto plan = m.plan("expect-close 1006");
  plan.ping_interval = std::chrono::milliseconds(50);
  std::string reason;
  auto const ended = run_client(plan, [&](client_event const& e) {
    if (e.what == client_event::kind::close) reason = e.text;
  });
  CHECK(ended.how == client_outcome::verdict::done);
  CHECK(reason == "no sign of life");
}

TEST_CASE("A client tells how long a pong took") {
  faulty_mock const m({});
  auto plan = m.plan("ping\nsend x\nexpect /n=1");
  double took = -1;
  run_client(plan, [&](client_event const& e) {
    if (e.what == client_event::kind::pong) took = e.took_ms;
  });
  CHECK(took >= 0);
}

TEST_CASE("A client that cannot tell what comes takes its leave, and passes on why") {
  faulty_mock const m({"flood 64KiB"});
  auto plan = m.plan("");
  plan.stay = true;
  int told = 0;
  auto const fail = [&](client_event const& e) {
    ++told;
    if (e.what == client_event::kind::message) throw std::system_error(EPIPE, std::generic_category());
  };
  CHECK_THROWS_AS(run_client(plan, fail), std::system_error);
  CHECK(told == 2);  // open, and the first message
}

TEST_CASE("A client that reconnects goes on with its source over a new connection") {
  faulty_mock const m({"close-after 1", "close-code 1012"});
  int ends[2];
  REQUIRE(::pipe(ends) == 0);
  net::unique_fd const read_end(ends[0]);
  net::unique_fd write_end(ends[1]);
  REQUIRE(::write(write_end.get(), "one\n", 4) == 4);
  line_messages input(read_end.get());
  auto plan = m.plan("");
  plan.source = &input;
  plan.reconnect = true;
  plan.leave_after = 2;
  std::string events;
  run_client(plan, [&](client_event const& e) {
    constexpr std::array names = {"open ", "message ", "", "", "close ", "retry "};
    events += names[static_cast<std::size_t>(e.what)];
    if (e.what == client_event::kind::retry) {
      CHECK(e.took_ms == 100);
      CHECK(::write(write_end.get(), "two\n", 4) == 4);
    }
  });
  CHECK(events == "open message close retry open message close ");
}

TEST_CASE("A running mock changes as control lines say, and back") {
  faulty_mock m({"reply raw"});
  CHECK(m.talk("send x\nexpect-text x") == "");
  REQUIRE(m.control("order-1 text {n}"));
  CHECK(m.talk("send x\nexpect =1") == "");
  REQUIRE(m.control("order refuse on"));
  CHECK_THAT(m.talk("send x"), Catch::Contains("refused"));
  REQUIRE(m.control("* refuse off"));
  CHECK(m.talk("send x\nexpect =1") == "");
  REQUIRE(m.control("order-1 reset"));
  CHECK(m.talk("send x\nexpect-text x") == "");
}

TEST_CASE("Control lines reach connections that are open") {
  faulty_mock m({"reply raw"});
  bool obeyed = true;
  auto const plan = m.plan("send a\nexpect-text a\nexpect-text hello\nexpect-close 4001");
  auto const ended = run_client(plan, [&](client_event const& e) {
    if (e.what == client_event::kind::message && e.text == "a") {
      obeyed = obeyed && m.control("order-1 send hello");
    } else if (e.what == client_event::kind::message && e.text == "hello") {
      obeyed = obeyed && m.control("order close 4001");
    }
  });
  CHECK(obeyed);
  CHECK(ended.why.empty());
}

TEST_CASE("A control line that cannot be obeyed is answered with the reason") {
  faulty_mock m({});
  CHECK_THAT(m.mock.control("ordre delay 5ms"), Catch::Contains("nobody is called 'ordre'; did you mean 'order'?"));
  CHECK_THAT(m.mock.control("order delay 5"), Catch::Contains(R"("ok":false)"));
}

TEST_CASE("The list shows who there is, how each behaves and what it did") {
  faulty_mock m({"delay 1ms"});
  CHECK(m.talk("send x\nexpect /n=1").empty());
  auto const answer = m.mock.control("list");
  auto const line = nlohmann::json::parse(answer.substr(0, answer.find('\n')));
  CHECK(line.at("instance") == "order-1");
  CHECK(line.at("behaviour") == nlohmann::json{{"delay", "1ms"}});
  CHECK(line.at("connections_total") == 1);
  CHECK(line.at("messages_total") == 1);
  CHECK(line.at("address") == m.mock.instances()[0].at.text());
}
