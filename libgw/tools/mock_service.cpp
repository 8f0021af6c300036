#include "tools/mock_service.hpp"

#include "core/did_you_mean.hpp"
#include "net/task_group.hpp"
#include "tools/mock_connection.hpp"
#include "tools/mock_control.hpp"
#include "tools/run_loop.hpp"
#include "tools/websocket_server.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <array>
#include <future>
#include <random>
#include <utility>

namespace gw::tools {
namespace {

error cannot_start(std::string why) {
  return {errc::bad_usage, side::client, std::move(why), {}};
}

/// Where the instance with this ordinal (over all services) listens.
result<net::address> address_of(net::address const& at, std::size_t ordinal) {
  if (ordinal == 0 || (!at.is_unix() && at.port() == 0)) return at;
  if (at.is_unix()) return cannot_start("several instances cannot share a UNIX socket; give an IP address");
  auto const port = at.port() + ordinal;
  if (port > 65535) return cannot_start(fmt::format("there are no {} ports from {} on", ordinal + 1, at.text()));
  return net::address::of_ip(at.ip(), static_cast<std::uint16_t>(port));
}

using json = nlohmann::ordered_json;

std::string written(json const& line) {
  return line.dump(-1, ' ', false, json::error_handler_t::replace) + "\n";
}

}  // namespace

/// One instance: its listener and its open connections.
struct mock_service::server {
  server(net::loop& where, std::unique_ptr<net::listener> at, mock_instance who, mock_behaviour const& how,
         std::uint64_t its_seed)
      : loop(where),
        instance(std::move(who)),
        usual(how),
        behaviour(how),
        seed(its_seed),
        sockets(
            where, std::move(at), [this](accepted_websocket opened) { return serve(std::move(opened)); },
            behaviour.handshake) {}

  net::awaitable<void> serve(accepted_websocket opened) {
    std::seed_seq from{seed, ++connections};
    std::array<std::uint64_t, 1> own{};
    from.generate(own.begin(), own.end());
    mock_connection connection(loop, instance, behaviour, std::move(opened.target), own[0]);
    open.push_back(&connection);
    co_await connection.run(std::move(opened.socket), std::move(opened.rest));
    messages += connection.messages();
    std::erase(open, &connection);
  }

  void stop() {
    sockets.stop();
    for (auto* const connection : open) connection->end(wire::close_code::going_away, "the mock service stops");
  }

  result<> become(mock_behaviour const& other) {
    auto const before = std::exchange(behaviour, other);
    if (auto obeyed = sockets.obey_refusal(); !obeyed) {
      behaviour = before;
      return obeyed;
    }
    for (auto* const connection : open) connection->behaviour_changed();
    return {};
  }

  result<> obey(mock_command const& command) {
    auto changed = behaviour;
    switch (command.what) {
      case mock_command::verb::set:
        if (auto const set = set_behaviour(changed, command.name, command.value); !set) return set.error();
        return become(changed);
      case mock_command::verb::reset:
        return become(usual);
      case mock_command::verb::close:
        for (auto* const connection : open) connection->end(static_cast<wire::close_code>(command.code), "as asked");
        return {};
      case mock_command::verb::send:
        for (auto* const connection : open) connection->say(command.value);
        return {};
      case mock_command::verb::list:
        return {};
    }
    return {};
  }

  json described() const {
    auto count = messages;
    for (auto const* const connection : open) count += connection->messages();
    auto settings = json::object();
    for (auto const& s : mock_settings()) {
      if (auto value = s.show(behaviour); !value.empty()) settings[std::string(s.name)] = std::move(value);
    }
    return {{"event", "instance"},           {"service", instance.service}, {"instance", instance.name},
            {"address", instance.at.text()}, {"connections", open.size()},  {"connections_total", connections},
            {"messages_total", count},       {"behaviour", settings}};
  }

  net::loop& loop;
  mock_instance instance;
  mock_behaviour const usual;
  mock_behaviour behaviour;
  std::uint64_t const seed;
  std::uint64_t connections = 0;
  std::uint64_t messages = 0;  // of connections that are gone
  std::vector<mock_connection*> open;
  websocket_server sockets;
};

mock_service::mock_service() : loop_(time_), stop_requested_(loop_.where()) {}

mock_service::~mock_service() {
  stop();
  join();
}

result<> mock_service::start(std::vector<mock_plan> const& plans, net::address const& at, std::uint64_t seed) {
  for (auto const& plan : plans) {
    for (std::size_t i = 1; i <= plan.instances; ++i) {
      auto const wanted = address_of(at, servers_.size());
      if (!wanted) return wanted.error();
      auto opened = net::listener::open(loop_, *wanted);
      if (!opened) return opened.error();
      instances_.push_back({plan.service, fmt::format("{}-{}", plan.service, i), (*opened)->local()});
      auto const& how = plan.behaviour_of(i);
      auto const own_seed = seed + servers_.size();
      auto& made =
          servers_.emplace_back(std::make_unique<server>(loop_, std::move(*opened), instances_.back(), how, own_seed));
      if (auto obeyed = made->sockets.obey_refusal(); !obeyed) return obeyed;
    }
  }
  thread_ = std::thread([this] { run_loop(loop_, run()); });
  return {};
}

net::awaitable<void> mock_service::run() {
  net::task_group running(loop_.where());
  for (auto const& s : servers_) running.spawn(s->sockets.run());
  co_await stop_requested_.wait();
  for (auto const& s : servers_) s->stop();
  co_await running.join();
}

std::string mock_service::control(std::string_view line) {
  std::promise<std::string> answer;
  loop_.post([&] { answer.set_value(obey(line)); });
  return answer.get_future().get();
}

std::string mock_service::obey(std::string_view line) {
  auto const refused = [line](std::string const& why) {
    return written({{"event", "control"}, {"ok", false}, {"line", line}, {"error", why}});
  };
  auto const command = parse_mock_command(line);
  if (!command) return refused(command.error().context);
  std::string lines;
  auto obeyed = json::array();
  for (auto const& s : servers_) {
    if (!command->concerns(s->instance.service, s->instance.name)) continue;
    if (auto const done = s->obey(*command); !done) return refused(describe(done.error()));
    if (command->what == mock_command::verb::list) lines += written(s->described());
    obeyed.push_back(s->instance.name);
  }
  if (obeyed.empty()) {
    std::vector<std::string_view> known;
    for (auto const& i : instances_) {
      if (known.empty() || known.back() != i.service) known.push_back(i.service);
    }
    for (auto const& i : instances_) known.push_back(i.name);
    return refused(
        fmt::format("nobody is called '{}'{}", command->whom, guess_or_list(command->whom, known, "here are")));
  }
  return lines + written({{"event", "control"}, {"ok", true}, {"line", line}, {"instances", std::move(obeyed)}});
}

void mock_service::stop() {
  loop_.where().execute([this] { stop_requested_.set(); });
}

void mock_service::join() {
  if (thread_.joinable()) thread_.join();
}

}  // namespace gw::tools
