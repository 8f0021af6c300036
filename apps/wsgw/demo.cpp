#include "demo.hpp"

#include "settings.hpp"
#include "version.hpp"

#include "core/clock.hpp"
#include "gateway/server.hpp"
#include "tools/client.hpp"
#include "tools/mock_service.hpp"

#include <fmt/core.h>

#include <map>
#include <thread>

namespace wsgw {
namespace {

using gw::tools::mock_behaviour;

/// The mock services, listening.
gw::result<> start(gw::tools::mock_service& mocks) {
  std::vector<gw::tools::mock_plan> const plans = {
      {.service = "echo", .instances = 2, .behaviour = {}},
      {.service = "clock", .instances = 1, .behaviour = {.push = gw::rate{.count = 1, .per = std::chrono::seconds(1)}}},
  };
  auto const anywhere = gw::net::address::parse("127.0.0.1:0");
  return mocks.start(plans, *anywhere);
}

std::string quoted_instances(gw::tools::mock_service const& mocks, std::string_view service) {
  std::string list;
  for (auto const& i : mocks.instances()) {
    if (i.service != service) continue;
    if (!list.empty()) list += ", ";
    list += '"' + i.at.text() + '"';
  }
  return list;
}

/// The configuration as a user would write it; it is what the gateway is then started with.
std::string configuration(gw::tools::mock_service const& mocks, std::string const& listen, std::string const& admin) {
  return fmt::format(
      "[[listener]]\n"
      "bind = \"{}\"\n\n"
      "[admin]\n"
      "bind = \"{}\"\n\n"
      "[services.echo]\n"
      "instances = [{}]\n\n"
      "[services.clock]\n"
      "instances = [{}]\n",
      listen.empty() ? "127.0.0.1:0" : listen, admin.empty() ? "127.0.0.1:0" : admin, quoted_instances(mocks, "echo"),
      quoted_instances(mocks, "clock"));
}

void print_welcome(gw::gateway::server const& server, std::string const& toml) {
  auto const at = server.client_addresses().front().text();
  auto const probes = server.probe_addresses().front().text();
  fmt::print(
      "# wsgw demo: one gateway, two instances of 'echo', one of 'clock' (pushes every second).\n"
      "# Its configuration:\n\n{}\n"
      "# Clients connect to ws://{}/ws. Try, in another terminal:\n"
      "wsgw client ws://{}/ws --call echo/hello '\"hi\"' -1\n"
      "wsgw client ws://{}/ws --call clock/now null -n 4\n"
      "wsgw bench ws://{}/ws --service echo -c 10 -d 3s\n"
      "curl http://{}/metrics\n"
      "# Ctrl-C ends it.\n",
      toml, at, at, at, at, probes);
  std::fflush(stdout);
}

/// Which service answered; empty for a push or an error frame.
std::string service_of(std::string_view reply) {
  for (char const* const service : {"echo", "clock"}) {
    if (reply.find(fmt::format("\"service\":\"{}\"", service)) != std::string_view::npos &&
        reply.find("\"n\":") != std::string_view::npos) {
      return service;
    }
  }
  return {};
}

/// Three messages to each of two services over one WebSocket, and their six answers.
bool converse(std::string const& url, terminal const& term) {
  std::map<std::string, int> answers;
  gw::tools::client_plan plan;
  auto const to = gw::tools::parse_websocket_url(url);
  if (!to) return false;
  plan.to.url = *to;
  for (int i = 1; i <= 3; ++i) {
    for (char const* const service : {"echo", "clock"}) {
      auto const message = fmt::format(R"({{"method":"/api/v1/{}/hello","data":"message {}","id":{}}})", service, i, i);
      fmt::print("> {}\n", message);
      plan.steps.push_back({.what = gw::tools::step::kind::send, .text = message});
    }
  }
  plan.limit = std::chrono::seconds(10);
  plan.stay = true;
  plan.leave_after = 6;
  auto const told = [&](gw::tools::client_event const& e) {
    if (e.what != gw::tools::client_event::kind::message) return;
    fmt::print("< {}\n", e.text);
    ++answers[service_of(e.text)];
  };
  auto const ended = gw::tools::run_client(plan, told);
  if (ended.how != gw::tools::client_outcome::verdict::done) term.error(ended.why);
  return answers["echo"] == 3 && answers["clock"] == 3;
}

gw::result<std::unique_ptr<gw::gateway::server>> make_server(gw::clock const& time, std::string const& toml,
                                                             std::size_t workers) {
  auto read = gw::config::load_text(toml, "demo");
  if (!read.problems.empty()) {
    return gw::error{gw::errc::bad_config, gw::side::client, gw::config::format(read.problems.front()), {}};
  }
  if (workers != 0) read.value.workers = workers;
  auto server = std::make_unique<gw::gateway::server>(std::move(read.value), time, version_number());
  if (auto const opened = server->open(); !opened) return opened.error();
  return server;
}

exit_status refused(terminal const& term, gw::error const& why) {
  term.error(gw::describe(why));
  return why.code == gw::errc::io ? exit_status::unreachable : exit_status::bad_config;
}

}  // namespace

exit_status demo(terminal const& term, std::string const& listen, std::string const& admin) {
  gw::log::start({});
  gw::monotonic_clock const time;
  gw::tools::mock_service mocks;
  if (auto const started = start(mocks); !started) return refused(term, started.error());
  auto const toml = configuration(mocks, listen, admin);
  auto const server = make_server(time, toml, 0);
  if (!server) return refused(term, server.error());
  print_welcome(**server, toml);
  (*server)->run();
  mocks.stop();
  mocks.join();
  gw::log::stop();
  return exit_status::ok;
}

exit_status demo_selftest(terminal const& term) {
  gw::monotonic_clock const time;
  gw::tools::mock_service mocks;
  if (auto const started = start(mocks); !started) return refused(term, started.error());
  auto const toml = configuration(mocks, "", "");
  fmt::print("# the configuration\n{}\n# the conversation, over one WebSocket\n", toml);
  auto const server = make_server(time, toml, 1);
  if (!server) return refused(term, server.error());

  bool passed = false;
  auto const url = "ws://" + (*server)->client_addresses().front().text() + "/ws";
  std::thread client([&] {
    passed = converse(url, term);
    (*server)->stop();
  });
  (*server)->run();
  client.join();
  mocks.stop();
  mocks.join();
  fmt::print("# {}\n", passed ? "passed: both services answered every message" : "FAILED: an answer is missing");
  return passed ? exit_status::ok : exit_status::expectation;
}

}  // namespace wsgw
