#include "gateway/gateway_world_test.hpp"

#include <atomic>
#include <memory>
#include <optional>

using namespace gw;
using namespace gw::testing;

namespace {

/// A worker on its own thread; the service and the client are on the loop of the test.
struct running_worker {
  explicit running_worker(net::loop& loop, story& told)
      : service(told, loop, "chat", [this](std::unique_ptr<party> who) { chat = std::move(who); }),
        tasks(loop.where()) {
    config::config settings;
    settings.services.push_back({.name = "chat", .instances = {{.host = "127.0.0.1", .port = service.port()}}});
    auto const shared = std::make_shared<config::config const>(std::move(settings));
    gateway::surroundings const around{.settings = shared,
                                       .time = &time,
                                       .metrics = [] { return std::string(); },
                                       .not_ready = [] { return std::string(); },
                                       .full = [] { return false; }};
    worker.emplace(0, around, *route::table::make(shared->url_rule, {"chat"}),
                   cluster::registry::make(cluster::located(shared->services), 1));
    worker->start([this] { over = true; });
    tasks.spawn(service.serve(tasks));
  }

  monotonic_clock time;
  std::unique_ptr<party> chat;
  service_double service;
  net::task_group tasks;
  std::atomic<bool> over{false};
  std::optional<gateway::worker> worker;
};

}  // namespace

TEST_CASE("a worker that stops drains its sessions, tells both sides so, and ends its thread") {
  monotonic_clock const time;
  net::loop loop(time);
  story told(loop);
  running_worker w(loop, told);
  auto ends = socket_pair();  // ours, the gateway's
  party client(told, loop, "client", wire::role::client);
  auto [waiting, half_open] = socket_pair();  // has not begun its handshake
  w.worker->take({std::move(half_open), gateway::entrance::clients, 0});

  auto const body = [&]() -> net::awaitable<void> {
    net::stream handshake(loop, std::move(ends.first));
    w.worker->take({std::move(ends.second), gateway::entrance::clients, 0});
    auto const request = std::string(client_head);
    co_await handshake.write(request);
    net::received_head answer;
    co_await net::read_head(handshake, answer, 4096);
    REQUIRE(answer.head().starts_with("HTTP/1.1 101 "));
    client.joins(handshake.release().take_descriptor(), answer.rest());
    w.tasks.spawn(client.live());

    client.says(message_to("chat", 1));
    std::function<bool()> const arrived = [&] { return w.chat && w.chat->heard_count() == 1; };
    co_await told.until("the message to arrive", arrived);
    co_await w.chat->hears(message_to("chat", 1));

    w.worker->stop({"drain;r=0-20000"});
    co_await client.hears_close(wire::close_code::service_restart, "drain;r=0-20000");
    co_await client.hears_the_end();
    co_await w.chat->hears_close(wire::close_code::service_restart);
    co_await w.chat->hears_the_end();
  };
  auto const farewell = [&]() -> net::awaitable<void> {
    w.service.closes();
    client.vanishes();
    w.worker->stop({});
    std::function<bool()> const nobody_left = [&] { return w.tasks.size() == 0; };
    co_await told.until("everybody to leave", nobody_left);
    co_await w.tasks.join();
  };
  told.run(body, farewell);
  w.worker->join();
  CHECK(w.over);
  CHECK(w.worker->connections() == 0);
  CHECK(w.worker->stats().sessions.get() == 0);
}
