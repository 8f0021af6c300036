#include "tools/mock_service.hpp"

#include "net/task_group.hpp"
#include "tools/mock_connection.hpp"
#include "tools/run_loop.hpp"
#include "tools/websocket_server.hpp"

#include <fmt/format.h>

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

}  // namespace

/// One instance: its listener and its open connections.
struct mock_service::server {
  server(net::loop& where, std::unique_ptr<net::listener> at, mock_instance who, mock_behaviour how)
      : loop(where),
        instance(std::move(who)),
        behaviour(std::move(how)),
        sockets(
            where, std::move(at), [this](accepted_websocket opened) { return serve(std::move(opened)); },
            behaviour.accept_delay) {}

  net::awaitable<void> serve(accepted_websocket opened) {
    mock_connection connection(loop, instance, behaviour);
    open.push_back(&connection);
    co_await connection.run(std::move(opened.socket), std::move(opened.rest));
    std::erase(open, &connection);
  }

  void stop() {
    sockets.stop();
    for (auto* const connection : open) connection->end(wire::close_code::going_away, "the mock service stops");
  }

  net::loop& loop;
  mock_instance instance;
  mock_behaviour behaviour;
  std::vector<mock_connection*> open;
  websocket_server sockets;
};

mock_service::mock_service() : loop_(time_), stop_requested_(loop_.where()) {}

mock_service::~mock_service() {
  stop();
  join();
}

result<> mock_service::start(std::vector<mock_plan> const& plans, net::address const& at) {
  for (auto const& plan : plans) {
    for (std::size_t i = 1; i <= plan.instances; ++i) {
      auto const wanted = address_of(at, servers_.size());
      if (!wanted) return wanted.error();
      auto opened = net::listener::open(loop_, *wanted);
      if (!opened) return opened.error();
      instances_.push_back({plan.service, fmt::format("{}-{}", plan.service, i), (*opened)->local()});
      servers_.push_back(std::make_unique<server>(loop_, std::move(*opened), instances_.back(), plan.behaviour));
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

void mock_service::stop() {
  loop_.where().execute([this] { stop_requested_.set(); });
}

void mock_service::join() {
  if (thread_.joinable()) thread_.join();
}

}  // namespace gw::tools
