#include "tools/mock_service.hpp"

#include "testing/catch.hpp"
#include "tools/client.hpp"

#include <sys/socket.h>
#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <utility>

using namespace gw;
using namespace gw::tools;

namespace {

net::address any_port() {
  return *net::address::parse("127.0.0.1:0");
}

/// A mock with one instance per plan, all started.
struct running_mock {
  explicit running_mock(std::vector<mock_plan> const& plans) { REQUIRE(mock.start(plans, any_port()).has_value()); }
  explicit running_mock(mock_behaviour how)
      : running_mock(std::vector<mock_plan>{{.service = "order", .behaviour = how}}) {}

  client_plan to(std::size_t instance, std::string_view script) const {
    client_plan plan;
    auto const& at = mock.instances()[instance].at;
    plan.to.url = {.host = at.ip(), .port = at.port()};
    auto steps = parse_script(script);
    REQUIRE(steps.has_value());
    plan.steps = std::move(*steps);
    plan.limit = std::chrono::seconds(10);
    return plan;
  }

  mock_service mock;
};

/// What happened in a conversation, as lines.
struct transcript {
  std::vector<std::string> lines;
  client_outcome outcome;
};

transcript hold(client_plan const& plan) {
  transcript t;
  t.outcome = run_client(plan, [&](client_event const& e) {
    switch (e.what) {
      case client_event::kind::open:
        t.lines.push_back("open " + std::string(e.text));
        break;
      case client_event::kind::message:
        t.lines.emplace_back(e.text);
        break;
      case client_event::kind::binary:
        t.lines.push_back("binary " + std::string(e.text));
        break;
      case client_event::kind::pong:
        t.lines.emplace_back("pong");
        break;
      case client_event::kind::retry:
        t.lines.emplace_back("retry");
        break;
      case client_event::kind::wait:
        t.lines.push_back("wait for " + std::string(e.text));
        break;
      case client_event::kind::close:
        t.lines.push_back((e.by_server ? "server closes " : "client closes ") + std::to_string(e.code));
        break;
    }
  });
  return t;
}

void check(running_mock const& mock, std::string_view script, client_outcome::verdict how, std::string_view why = "") {
  CAPTURE(script);
  auto const t = hold(mock.to(0, script));
  CAPTURE(t.outcome.why, t.lines);
  CHECK(t.outcome.how == how);
  CHECK(t.outcome.why.find(why) != std::string::npos);
}

using verdict = client_outcome::verdict;

}  // namespace

TEST_CASE("A mock service answers in envelopes that count per connection") {
  running_mock const m(mock_behaviour{.reply = mock_behaviour::answer::envelope});
  std::string_view const script = R"(
    call order/get {"id":7}
    expect /service=order
    and /instance=order-1
    and /n=1
    and /method=/api/v1/order/get
    and /data={"id":7}
    and /id=1
    send not json
    expect /n=2
    and /data="not json")";
  check(m, script, verdict::done);
  check(m, script, verdict::done);  // another connection counts from 1 again
}

TEST_CASE("A client of calls leaves when each has had its answer") {
  auto const check_calls = [](mock_behaviour const& how, std::string_view script, std::size_t open) {
    CAPTURE(script);
    running_mock const m(how);
    auto plan = m.to(0, script);
    plan.stay = plan.leave_when_answered = true;
    plan.limit = std::chrono::minutes(10);
    auto const t = hold(plan);
    CAPTURE(t.lines);
    CHECK(t.outcome.how == verdict::done);
    CHECK(t.outcome.open_calls == open);
    CHECK(t.lines.size() == plan.steps.size() + 2);  // between opening and closing
  };
  mock_behaviour const envelopes{.reply = mock_behaviour::answer::envelope};
  check_calls(envelopes, "call order/a 1", 0);
  check_calls(envelopes, "call order/a 1\ncall order/b 2\ncall order/c 3", 0);
  mock_behaviour without_id{.close_after = 2};
  REQUIRE(set_behaviour(without_id, "text", "{}").has_value());
  check_calls(without_id, "call order/a 1\ncall order/b 2", 2);
}

TEST_CASE("Every instance of every service has a name and a port of its own") {
  std::vector<mock_plan> const plans = {{.service = "order", .instances = 2}, {.service = "clock"}};
  running_mock const m(plans);
  REQUIRE(m.mock.instances().size() == 3);
  std::vector<std::string> names;
  for (std::size_t i = 0; i < 3; ++i) {
    auto const& instance = m.mock.instances()[i];
    names.push_back(instance.name);
    auto const t = hold(m.to(i, "send {}\nexpect /instance=" + instance.name + "\nand /service=" + instance.service));
    CHECK(t.outcome.how == verdict::done);
  }
  CHECK(names == std::vector<std::string>{"order-1", "order-2", "clock-1"});
}

TEST_CASE("A ledger holds each stamped message before its answer, and one that does not hold is not answered") {
  std::string path = "/tmp/wsgw-ledger-XXXXXX";
  net::unique_fd const made(::mkstemp(path.data()));
  REQUIRE(made);
  auto book = ledger::open(path);
  REQUIRE(book.has_value());
  running_mock const m(mock_behaviour{.reply = mock_behaviour::answer::ledger, .book = *book});
  auto const stamped = [](std::uint64_t n, std::size_t padding) {
    return make_stamped({.run = "r", .client = 7, .session = 2, .service = "order", .n = n}, padding);
  };
  auto const text = [&path] {
    std::ifstream file(path);
    return std::string(std::istreambuf_iterator<char>(file), {});
  };
  auto const script = "send " + stamped(1, 0) + "\nsend not stamped\nsend " + stamped(2, 300'000) +
                      "\nexpect /n=1\nand /client=7\nand /session=2\nand /instance=order-1\nexpect /n=2";
  std::vector<std::string> ledgers;
  auto const outcome = run_client(m.to(0, script), [&](client_event const& e) {
    if (e.what == client_event::kind::message) ledgers.push_back(text());
  });
  CHECK(outcome.how == verdict::done);
  REQUIRE(ledgers.size() == 2);
  CHECK(ledgers[0].starts_with("r 7 2 order 1 order-1 "));
  CHECK(ledgers[1].find("\nbad order-1 ") != std::string::npos);
  CHECK(ledgers[1].find("\nr 7 2 order 2 order-1 ") != std::string::npos);
  std::remove(path.c_str());
}

TEST_CASE("Answers come in the order of the messages") {
  for (auto const reply : {mock_behaviour::answer::raw, mock_behaviour::answer::envelope}) {
    running_mock const m(mock_behaviour{.reply = reply});
    std::string script;
    for (int i = 0; i < 500; ++i) script += "send message " + std::to_string(i) + " " + std::string(100, 'x') + "\n";
    for (int i = 0; i < 500; ++i) script += "expect-text message " + std::to_string(i) + " x\n";
    check(m, script, verdict::done);
  }
}

TEST_CASE("A raw mock gives messages of every size back, and delayed ones later") {
  for (auto const delay : {std::chrono::milliseconds(0), std::chrono::milliseconds(1)}) {
    running_mock const m(mock_behaviour{.reply = mock_behaviour::answer::raw, .delay = {.first = delay}});
    for (auto const size : {1U, 125U, 126U, 8191U, 8192U, 65535U, 65536U, 1'000'000U}) {
      std::string const text(size, 'a');
      auto plan = m.to(0, "send before\nsend " + text + "\nsend after\n");
      plan.leave_after = 3;
      CHECK(hold(plan).lines == std::vector<std::string>{"open ", "before", text, "after", "client closes 1000"});
    }
  }
}

TEST_CASE("A mock pushes without being asked") {
  running_mock const m(mock_behaviour{.push = rate{100}});
  check(m, "expect /push=1\nand /service=order\nand /instance=order-1\nexpect /push=2\nexpect /push=3", verdict::done);
}

TEST_CASE("A mock that closes after two messages answers both first") {
  for (auto const delay : {std::chrono::milliseconds(0), std::chrono::milliseconds(1)}) {
    running_mock const m(mock_behaviour{.delay = {.first = delay}, .close_after = 2});
    check(m, "send 1\nsend 2\nexpect /n=1\nexpect /n=2\nexpect-close 1000", verdict::done);
  }
}

TEST_CASE("A mock that stops says goodbye to everyone") {
  running_mock m(mock_behaviour{.reply = mock_behaviour::answer::raw});
  auto const plan = m.to(0, "send stop now\nexpect-text stop now\nexpect-close 1001");
  auto const outcome = run_client(plan, [&](client_event const& e) {
    if (e.what == client_event::kind::message) m.mock.stop();
  });
  CHECK(outcome.why.empty());
  m.mock.join();
}

TEST_CASE("A mock can be stopped while a connection waits for its handshake") {
  mock_service mock;
  REQUIRE(mock.start({{.behaviour = {.handshake = {.delay = std::chrono::hours(1)}}}}, any_port()).has_value());
  auto const& at = mock.instances().front().at;
  net::unique_fd const fd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  REQUIRE(::connect(fd.get(), at.data(), at.size()) == 0);
  mock.stop();
  mock.join();
  char nothing = 0;
  CHECK(::recv(fd.get(), &nothing, 1, 0) <= 0);
}

TEST_CASE("A mock does not start where it cannot listen") {
  mock_service first;
  REQUIRE(first.start({{}}, any_port()).has_value());
  mock_service second;
  auto const started = second.start({{}}, first.instances().front().at);
  REQUIRE_FALSE(started.has_value());
  CHECK(started.error().code == errc::io);
}

TEST_CASE("The client ends with a verdict on what it expected") {
  running_mock const m(mock_behaviour{.close_after = 3});
  check(m, "send 1\nexpect /n=2", verdict::expectation_failed, "line 2: expect /n=2\n  expected: 2\n  got:      1");
  check(m, "send 1\nsend 2\nsend 3\nexpect-close 1011", verdict::expectation_failed, "got:      1000 (done)");
  check(m, "send 1\nsend 2\nsend 3\nexpect-close\nsend 4", verdict::done);
  check(m, "send 1\nsend 2\nsend 3\nexpect /n=1\nexpect /n=2\nexpect /n=3\nexpect /n=4", verdict::expectation_failed,
        "the server closed, 1000");
  check(m, "ping\nwait 1ms\nclose 3001", verdict::done);
}

TEST_CASE("The client waits no longer than it was told to") {
  running_mock const m(mock_behaviour{.reply = mock_behaviour::answer::none});
  auto plan = m.to(0, "send 1");
  plan.limit = std::chrono::milliseconds(20);
  plan.leave_after = 1;
  auto const t = hold(plan);
  CHECK(t.outcome.how == verdict::expectation_failed);
  CHECK(t.outcome.why == "0 of 1 messages came within 20 ms");
  auto closing = m.to(0, "expect-close");
  closing.limit = plan.limit;
  CHECK(hold(closing).outcome.why == "line 1: expect-close\n  got:      no Close within 20 ms");
}

TEST_CASE("The client leaves after the messages it was told to wait for") {
  running_mock const m(mock_behaviour{.push = rate{500}});
  auto plan = m.to(0, "");
  plan.leave_after = 3;
  auto const t = hold(plan);
  CHECK(t.outcome.how == verdict::done);
  CHECK(t.lines.size() == 5);  // open, 3 messages, close
}

TEST_CASE("The client sends the lines of its input") {
  running_mock const m(mock_behaviour{.reply = mock_behaviour::answer::raw});
  int ends[2];
  REQUIRE(::pipe(ends) == 0);
  net::unique_fd const read_end(ends[0]);
  net::unique_fd write_end(ends[1]);
  std::string_view const lines = "one\n\ntwo\nthree without a line feed";
  REQUIRE(::write(write_end.get(), lines.data(), lines.size()) == static_cast<ssize_t>(lines.size()));
  write_end.reset();
  auto plan = m.to(0, "");
  line_messages input(read_end.get());
  plan.source = &input;
  plan.leave_after = 3;
  auto const t = hold(plan);
  CHECK(t.lines == std::vector<std::string>{"open ", "one", "two", "three without a line feed", "client closes 1000"});
}

TEST_CASE("The client says why it cannot connect") {
  running_mock const m(mock_behaviour{.reply = mock_behaviour::answer::raw});
  auto refused = m.to(0, "");
  refused.to.fields.push_back({"Upgrade", "h2c"});
  auto const t = hold(refused);
  CHECK(t.outcome.how == verdict::cannot_connect);
  CHECK(t.outcome.why.find("HTTP 4") != std::string::npos);

  auto unreachable = m.to(0, "");
  {
    mock_service gone;
    REQUIRE(gone.start({{}}, any_port()).has_value());
    unreachable.to.url.port = gone.instances().front().at.port();
  }
  CHECK(hold(unreachable).outcome.how == verdict::cannot_connect);
}

TEST_CASE("The client offers subprotocols and shows the chosen one") {
  running_mock const m(mock_behaviour{.reply = mock_behaviour::answer::raw});
  auto plan = m.to(0, "close");
  plan.to.protocols = {"wsgw.v1", "other"};
  CHECK(hold(plan).lines.front() == "open wsgw.v1");
}

TEST_CASE("Whoever waits for long is told what for") {
  running_mock const m(mock_behaviour{.reply = mock_behaviour::answer::none});
  auto plan = m.to(0, "call order/x 1");
  plan.stay = plan.leave_when_answered = true;
  plan.long_wait = std::chrono::milliseconds(1);
  bool told = false;
  plan.catch_signals = true;
  run_client(plan, [&](client_event const& e) {
    if (e.what == client_event::kind::wait && e.text == "answers" && !std::exchange(told, true)) std::raise(SIGINT);
  });
  CHECK(told);
}

TEST_CASE("Nobody is told of a wait that ends at once") {
  running_mock const m(mock_behaviour{});
  auto plan = m.to(0, "call order/x 1");
  plan.stay = plan.leave_when_answered = true;
  plan.long_wait = std::chrono::minutes(1);
  CHECK(hold(plan).lines.size() == 3);
}

TEST_CASE("Whoever waits for a connection is told so before the limit") {
  int const silent = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  auto const anywhere = any_port();
  REQUIRE(::bind(silent, anywhere.data(), anywhere.size()) == 0);
  REQUIRE(::listen(silent, 1) == 0);
  auto const at = net::address::of_socket(silent, true);
  client_plan plan;
  plan.to.url = {.host = at.ip(), .port = at.port()};
  plan.long_wait = std::chrono::milliseconds(1);
  plan.connect_limit = std::chrono::milliseconds(200);
  auto const t = hold(plan);
  ::close(silent);
  CHECK(t.lines == std::vector<std::string>{"wait for a connection"});
  CHECK(t.outcome.how == client_outcome::verdict::cannot_connect);
}
