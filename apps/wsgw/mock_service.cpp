#include "commands.hpp"

#include "config/files.hpp"
#include "core/log.hpp"
#include "discovery/announcements.hpp"
#include "net/listen.hpp"
#include "net/task_group.hpp"
#include "tools/line_source.hpp"
#include "tools/mock_scenario.hpp"
#include "tools/mock_service.hpp"
#include "tools/run_loop.hpp"

#include <fmt/core.h>
#include <nlohmann/json.hpp>

#include <unistd.h>

#include <charconv>
#include <csignal>
#include <limits>
#include <memory>
#include <optional>
#include <utility>

namespace wsgw {
namespace {

using gw::tools::mock_behaviour;
using json = nlohmann::ordered_json;

struct mock_options {
  std::string name = "echo";
  std::size_t instances = 1;
  std::vector<std::string> services;
  std::string file;
  std::string listen;
  std::string ledger;
  std::vector<std::pair<std::string_view, std::string>> behaviour;  // of every instance, above the file
  std::optional<std::uint64_t> seed;
  std::string output = "text";
  std::string log;
  std::string registry;
  bool control = false;
};

constexpr std::string_view examples =
    "Faults besides: --refuse, --status 503, --hang before (or after the 101), --wrong-key, --masked, --half-open.\n"
    "Control lines: order-1 delay 50ms, order fail off, '* close 1011', order-1 send TEXT, order reset, list.\n"
    "A file has the same names with '_': for all, in [services.order] (and instances = 2), or [instances.order-2].\n"
    "Examples:\n"
    "  wsgw mock-service order --instances 2 --delay 5ms..20ms --fail 1%\n"
    "  wsgw mock-service --service order=2 --service clock=1 --push 1/s --listen 127.0.0.1:9001 -o ndjson\n"
    "  wsgw mock-service -f mock.toml --control --log ndjson";

constexpr std::size_t largest_file = 4 * 1024 * 1024;

gw::error bad_usage(std::string what) {
  return {gw::errc::bad_usage, gw::side::client, std::move(what), {}};
}

// --- from options to a scenario ---

gw::result<gw::tools::mock_plan> plan_of(std::string const& service) {
  auto const equals = service.find('=');
  std::size_t count = 1;
  if (equals != std::string::npos) {
    auto const* const end = service.data() + service.size();
    auto const [stopped, failed] = std::from_chars(service.data() + equals + 1, end, count);
    if (failed != std::errc() || stopped != end || count == 0) count = 0;
  }
  if (equals == 0 || service.empty() || count == 0 || count > 10'000) {
    return bad_usage(fmt::format("--service '{}' is not NAME=COUNT, like order=2", service));
  }
  return gw::tools::mock_plan{.service = service.substr(0, equals), .instances = count};
}

/// What the file says; its problems are in it.
gw::result<gw::tools::mock_scenario> read_file(std::string const& name) {
  auto text = gw::config::read_file(name, largest_file);
  if (!text) return bad_usage(fmt::format("{}: {}", name, text.error().context));
  return gw::tools::read_mock_scenario(std::move(*text), name);
}

gw::result<gw::tools::mock_scenario> scenario_of(mock_options const& o) {
  if (!o.file.empty()) return read_file(o.file);
  gw::tools::mock_scenario scenario;
  if (o.services.empty()) scenario.plans.push_back({.service = o.name, .instances = o.instances});
  for (auto const& service : o.services) {
    auto plan = plan_of(service);
    if (!plan) return plan.error();
    scenario.plans.push_back(std::move(*plan));
  }
  return scenario;
}

gw::result<> apply(mock_options const& o, std::shared_ptr<gw::tools::ledger> const& book, mock_behaviour& to) {
  for (auto const& [name, text] : o.behaviour) {
    if (auto const set = gw::tools::set_behaviour(to, name, text); !set) {
      return bad_usage(fmt::format("--{}", set.error().context));
    }
  }
  to.log = !o.log.empty();
  if (!book) return {};
  to.reply = mock_behaviour::answer::ledger;
  to.book = book;
  return {};
}

/// The flags stand above the file.
gw::result<> apply_flags(mock_options const& o, gw::tools::mock_scenario& to) {
  if (!o.listen.empty()) to.listen = o.listen;
  if (to.listen.empty()) to.listen = "127.0.0.1:0";
  if (o.seed) to.seed = *o.seed;
  std::shared_ptr<gw::tools::ledger> book;
  if (!o.ledger.empty()) {
    auto opened = gw::tools::ledger::open(o.ledger);
    if (!opened) return opened.error();
    book = std::move(*opened);
  }
  for (auto& plan : to.plans) {
    if (auto done = apply(o, book, plan.behaviour); !done) return done;
    for (auto& [ordinal, behaviour] : plan.exceptions) {
      if (auto done = apply(o, book, behaviour); !done) return done;
    }
  }
  return {};
}

// --- while it runs ---

json described(gw::tools::mock_instance const& instance) {
  return {{"service", instance.service}, {"instance", instance.name}, {"address", instance.at.text()}};
}

void print(std::vector<gw::tools::mock_instance> const& instances, std::string_view form) {
  json all = {{"schema", "wsgw.mock_service.v1"}, {"instances", json::array()}};
  for (auto const& i : instances) {
    if (form == "text") fmt::print("{} listens on {}\n", i.name, i.at.text());
    if (form == "ndjson") {
      json line = {{"event", "listening"}};
      line.update(described(i));
      print_json(line);
    }
    all["instances"].push_back(described(i));
  }
  if (form == "json") print_json(all);
  std::fflush(stdout);
}

/// As registries shall list it.
gw::discovery::entry entry_of(gw::tools::mock_instance const& i) {
  gw::discovery::entry made;
  made.service = i.service;
  made.where.host = i.at.ip();
  made.where.port = i.at.port();
  made.where.id = fmt::format("{}:{}:{}", i.at.ip(), i.service, i.at.port());
  return made;
}

bool can_be_reached(gw::net::address const& at) {
  return !at.is_unix() && at.ip() != "0.0.0.0" && at.ip() != "::";
}

class operation {
 public:
  operation(gw::tools::mock_service& mock, mock_options const& o)
      : mock_(mock), options_(o), loop_(time_), ends_(loop_.where(), {SIGINT, SIGTERM}), changed_(loop_.where()) {}

  /// Judges --register, whether there is a registry or not.
  gw::result<> prepare() {
    if (options_.registry.empty()) return {};
    auto made = gw::discovery::make_registrar(loop_, options_.registry);
    if (!made) return bad_usage(fmt::format("--register: {}", made.error().context));
    announced_.emplace(loop_, std::move(*made), [this](auto const& what, auto const& how) { tell(what, how); });
    return {};
  }

  /// Until a signal. Fails before it prints anything if an instance cannot be registered.
  gw::result<> run() {
    gw::tools::run_loop(loop_, serve());
    return outcome_;
  }

 private:
  gw::net::awaitable<void> serve() {
    gw::net::task_group waiting(loop_.where());
    waiting.spawn(wait_for_signal());
    if (announced_) outcome_ = co_await register_all();
    if (outcome_ && !ended_) {
      began_ = true;
      print(mock_.instances(), options_.output);
      if (announced_) waiting.spawn(announced_->keep());
      if (options_.control) co_await obey_lines();
    } else {
      ends_.close();
    }
    co_await waiting.join();
  }

  gw::net::awaitable<gw::result<>> register_all() {
    for (auto const& i : mock_.instances()) {
      if (!can_be_reached(i.at)) {
        co_return bad_usage(fmt::format("--register: {} listens on {}, where nobody can reach it; write --listen IP:0",
                                        i.name, i.at.text()));
      }
      announced_->add(entry_of(i));
    }
    auto entered = co_await announced_->enter();
    if (entered || ended_) co_return gw::result<>();
    co_return gw::error{gw::errc::connect_failed,
                        gw::side::upstream,
                        fmt::format("cannot register at {}: {}; is the registry running, and is this its URL?",
                                    options_.registry, gw::describe(entered.error())),
                        {}};
  }

  /// A registry that fails while the services run is none of their business, but somebody will wonder.
  void tell(gw::discovery::entry const& what, gw::result<> const& how) {
    if (!began_) return;  // the outcome tells
    auto const news = how ? std::string("is registered again") : "is not registered: " + gw::describe(how.error());
    fmt::print(stderr, "wsgw: {} {}\n", what.where.id, news);
  }

  gw::net::awaitable<void> wait_for_signal() {
    co_await ends_.next();
    ended_ = true;
    changed_.set();
    if (announced_) announced_->end();
  }

  gw::net::awaitable<void> obey_lines() {
    gw::tools::line_source lines(loop_, STDIN_FILENO, changed_);
    while (!ended_ && !lines.ended()) {
      while (auto const line = lines.next()) {
        std::fputs(mock_.control(*line).c_str(), stdout);  // and if nobody reads them, the mock goes on
        std::fflush(stdout);
      }
      if (ended_ || lines.ended()) break;
      co_await changed_.wait();
      changed_.clear();
    }
  }

  gw::tools::mock_service& mock_;
  mock_options const& options_;
  gw::monotonic_clock time_;
  gw::net::loop loop_;
  gw::net::signals ends_;
  gw::net::event changed_;
  std::optional<gw::discovery::announcements> announced_;
  gw::result<> outcome_;
  bool began_ = false;
  bool ended_ = false;
};

void tell_problems(std::vector<gw::config::problem> const& problems, outcome& result) {
  for (auto const& p : problems) fmt::print(stderr, "{}\n", gw::config::format(p));
  result.fail(exit_status::bad_config,
              fmt::format("{} problem{} in the scenario", problems.size(), problems.size() == 1 ? "" : "s"));
}

void run(mock_options const& o, outcome& result) {
  auto scenario = scenario_of(o);
  if (!scenario) return result.fail(exit_status::usage, gw::describe(scenario.error()));
  if (!scenario->problems.empty()) return tell_problems(scenario->problems, result);
  if (auto const flags = apply_flags(o, *scenario); !flags) {
    return result.fail(exit_status::usage, gw::describe(flags.error()));
  }
  auto const at = gw::net::address::parse(scenario->listen);
  if (!at) return result.fail(exit_status::usage, fmt::format("--listen: {}", at.error().context));
  raise_descriptor_limit();
  using gw::log::settings;
  bool const logs = !o.log.empty();
  if (logs) gw::log::start({.format = o.log == "text" ? settings::text : settings::json, .access = "off"});

  gw::tools::mock_service mock;
  // Before anyone can connect: a signal right after the first line must not be lost.
  operation running(mock, o);
  if (auto const ready = running.prepare(); !ready) {
    return result.fail(exit_status::usage, gw::describe(ready.error()));
  }
  if (auto const started = mock.start(scenario->plans, *at, scenario->seed); !started) {
    bool const usage = started.error().code == gw::errc::bad_usage;
    return result.fail(usage ? exit_status::usage : exit_status::unreachable, gw::describe(started.error()));
  }
  auto const ran = running.run();
  mock.stop();
  mock.join();
  if (!ran) {
    bool const usage = ran.error().code == gw::errc::bad_usage;
    result.fail(usage ? exit_status::usage : exit_status::unreachable, gw::describe(ran.error()));
  }
  if (logs) gw::log::stop();
}

/// A flag for each setting of the table. --help fits a screen: what needs no explanation stands at its end.
void add_behaviour(CLI::App& c, mock_options& o) {
  for (auto const& s : gw::tools::mock_settings()) {
    auto const flag = fmt::format("--{}", s.name);
    bool const told_below = s.form.empty() || s.name == "status" || s.name == "hang";
    std::string const group = told_below ? "" : "Options";
    auto const take = [&o, name = s.name](std::string const& text) { o.behaviour.emplace_back(name, text); };
    if (s.form.empty()) {
      c.add_flag_callback(
           flag, [take] { take("on"); }, std::string(s.about))
          ->group(group);
    } else {
      c.add_option_function<std::string>(flag, take, std::string(s.about))
          ->type_name(std::string(s.form))
          ->group(group);
    }
  }
}

}  // namespace

void add_mock_service(CLI::App& app, outcome& result) {
  auto const o = std::make_shared<mock_options>();
  auto* const c = app.add_subcommand("mock-service", "Run WebSocket services that answer, push, delay and fail");
  auto* const name = c->add_option("NAME", o->name, "Name of the service [echo]");
  auto* const instances =
      add_number(*c, "--instances", o->instances, 1, 10'000, "Instances, each on a port of its own [1]");
  auto* const services = add_list(*c, "--service", o->services, "Several services: name and instances of each; repeat")
                             ->type_name("NAME=N")
                             ->excludes(name)
                             ->excludes(instances);
  c->add_option("-f,--file", o->file, "A scenario: services, instances and behaviours (TOML); flags stand above it")
      ->type_name("FILE")
      ->excludes(name)
      ->excludes(instances)
      ->excludes(services);
  c->add_option("--listen", o->listen, "Address; port 0: free ports, else consecutive ones [127.0.0.1:0]")
      ->type_name("ADDR");
  add_behaviour(*c, *o);
  c->add_option("--ledger", o->ledger, "Write down stamped messages to a file, then answer with their stamp")
      ->type_name("FILE")
      ->excludes(c->get_option("--reply"))
      ->excludes(c->get_option("--text"));
  auto const take_seed = [o](std::uint64_t seed) { o->seed = seed; };
  add_number(*c, "--seed", take_seed, 0, std::numeric_limits<std::uint64_t>::max(),
             "Of all that is left to chance [0]");
  c->add_option("--register", o->registry, "Be listed at eureka+http://.., consul+http://.. or etcd+http://..")
      ->type_name("URL");
  c->add_flag("--control", o->control, "Obey the lines of stdin; answers are JSON lines on stdout");
  add_choice(*c, "-o,--output", o->output, {"text", "json", "ndjson"}, "How the addresses are printed [text]");
  add_choice(*c, "--log", o->log, {"ndjson", "text"}, "Log opens, closes and messages with their text to stderr");
  c->footer(std::string(examples));
  c->callback([o, &result] { run(*o, result); });
}

}  // namespace wsgw
