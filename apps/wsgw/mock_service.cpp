#include "commands.hpp"

#include "core/log.hpp"
#include "net/listen.hpp"
#include "tools/mock_service.hpp"
#include "tools/run_loop.hpp"

#include <fmt/core.h>
#include <nlohmann/json.hpp>

#include <charconv>
#include <csignal>
#include <memory>

namespace wsgw {
namespace {

using gw::tools::mock_behaviour;

struct mock_options {
  std::string name = "echo";
  std::size_t instances = 1;
  std::vector<std::string> services;
  std::string listen = "127.0.0.1:0";
  std::string reply = "envelope";
  std::string ledger;
  gw::rate push{};
  std::chrono::milliseconds delay{};
  std::chrono::milliseconds accept_delay{};
  std::uint64_t close_after = 0;
  bool log = false;
};

constexpr std::string_view examples =
    "Prints one JSON line per instance on stdout as soon as all listen. Ends with SIGINT or SIGTERM.\n"
    "Examples:\n"
    "  wsgw mock-service order --instances 2\n"
    "  wsgw mock-service --service order=2 --service clock=1 --push 1/s --listen 127.0.0.1:9001\n"
    "  wsgw mock-service --reply raw --listen 127.0.0.1:9001";

gw::result<mock_behaviour> behaviour_of(mock_options const& o) {
  mock_behaviour b;
  b.reply = o.reply == "raw"    ? mock_behaviour::answer::raw
            : o.reply == "none" ? mock_behaviour::answer::none
                                : mock_behaviour::answer::envelope;
  if (o.push.count != 0) b.push = o.push;
  b.delay = o.delay;
  b.accept_delay = o.accept_delay;
  b.close_after = o.close_after;
  b.log = o.log;
  if (!o.ledger.empty()) {
    auto book = gw::tools::ledger::open(o.ledger);
    if (!book) return book.error();
    b.reply = mock_behaviour::answer::ledger;
    b.book = std::move(*book);
  }
  return b;
}

gw::result<gw::tools::mock_plan> plan_of(std::string const& service, mock_behaviour const& behaviour) {
  auto const equals = service.find('=');
  std::size_t count = 1;
  if (equals != std::string::npos) {
    auto const* const end = service.data() + service.size();
    auto const [stopped, failed] = std::from_chars(service.data() + equals + 1, end, count);
    if (failed != std::errc() || stopped != end || count == 0) count = 0;
  }
  if (equals == 0 || service.empty() || count == 0 || count > 10'000) {
    return gw::error{gw::errc::bad_usage,
                     gw::side::client,
                     fmt::format("--service '{}' is not NAME=COUNT, like order=2", service),
                     {}};
  }
  return gw::tools::mock_plan{.service = service.substr(0, equals), .instances = count, .behaviour = behaviour};
}

gw::result<std::vector<gw::tools::mock_plan>> plans_of(mock_options const& o) {
  auto const behaviour = behaviour_of(o);
  if (!behaviour) return behaviour.error();
  std::vector<gw::tools::mock_plan> plans;
  if (o.services.empty()) plans.push_back({.service = o.name, .instances = o.instances, .behaviour = *behaviour});
  for (auto const& service : o.services) {
    auto plan = plan_of(service, *behaviour);
    if (!plan) return plan.error();
    plans.push_back(std::move(*plan));
  }
  return plans;
}

void print(gw::tools::mock_instance const& instance) {
  nlohmann::ordered_json line;
  line["event"] = "listening";
  line["service"] = instance.service;
  line["instance"] = instance.name;
  line["address"] = instance.at.text();
  fmt::print("{}\n", line.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace));
}

gw::net::awaitable<void> wait_for_signal(gw::net::signals& ends) {
  co_await ends.next();
}

void run(mock_options const& o, outcome& result) {
  auto const plans = plans_of(o);
  if (!plans) return result.fail(exit_status::usage, gw::describe(plans.error()));
  auto const at = gw::net::address::parse(o.listen);
  if (!at) return result.fail(exit_status::usage, fmt::format("--listen: {}", at.error().context));
  raise_descriptor_limit();
  if (o.log) gw::log::start({.min = gw::log::level::info, .access = "off"});

  gw::monotonic_clock time;
  gw::net::loop waiting(time);
  // Before anyone can connect: a signal right after the first line must not be lost.
  gw::net::signals ends(waiting.where(), {SIGINT, SIGTERM});
  gw::tools::mock_service mock;
  if (auto const started = mock.start(*plans, *at); !started) {
    bool const usage = started.error().code == gw::errc::bad_usage;
    return result.fail(usage ? exit_status::usage : exit_status::unreachable, gw::describe(started.error()));
  }
  for (auto const& instance : mock.instances()) print(instance);
  std::fflush(stdout);
  gw::tools::run_loop(waiting, wait_for_signal(ends));
  mock.stop();
  mock.join();
  if (o.log) gw::log::stop();
}

}  // namespace

void add_mock_service(CLI::App& app, outcome& result) {
  auto const o = std::make_shared<mock_options>();
  auto* const c = app.add_subcommand("mock-service", "Run WebSocket services that echo, push, delay and close");
  auto* const name = c->add_option("NAME", o->name, "Name of the service [echo]");
  auto* const instances = c->add_option("--instances", o->instances, "Instances, each on a port of its own [1]")
                              ->check(CLI::Range(1, 10'000).description(""))
                              ->type_name("N");
  add_list(*c, "--service", o->services, "Several services: name and instances of each; repeat")
      ->type_name("NAME=N")
      ->excludes(name)
      ->excludes(instances);
  c->add_option("--listen", o->listen, "Address; port 0: free ports, else consecutive ones [127.0.0.1:0]")
      ->type_name("ADDR");
  auto* const reply =
      c->add_option("--reply", o->reply, "envelope (says who answers), raw (the same bytes) or none [envelope]")
          ->check(CLI::IsMember({"envelope", "raw", "none"}).description(""))
          ->type_name("KIND");
  c->add_option("--ledger", o->ledger, "Write down stamped messages to a file, then answer with their stamp")
      ->type_name("FILE")
      ->excludes(reply);
  add_rate(*c, "--push", o->push, "Push messages on every connection, like 10/s");
  add_duration(*c, "--delay", o->delay, "Answer at least so much later");
  add_duration(*c, "--accept-delay", o->accept_delay, "Wait so long before the answer to the handshake");
  c->add_option("--close-after", o->close_after, "Close behind the answer to that many messages")->type_name("N");
  c->add_flag("--log", o->log, "Log opens, closes and messages with their text to stderr");
  c->footer(std::string(examples));
  c->callback([o, &result] { run(*o, result); });
}

}  // namespace wsgw
