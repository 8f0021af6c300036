// The servers that the load generator's tests load: a mock service, and one that answers as a test says.
#pragma once

#include "net/peer.hpp"
#include "testing/catch.hpp"
#include "tools/bench.hpp"
#include "tools/mock_service.hpp"
#include "tools/run_loop.hpp"
#include "tools/websocket_server.hpp"

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <thread>
#include <utility>

namespace gw::tools::testing {

inline net::address any_port() {
  return *net::address::parse("127.0.0.1:0");
}

inline bench_plan plan_for(net::address const& at) {
  bench_plan plan;
  plan.targets = {
      websocket_request{.url = {.host = at.ip(), .port = at.port()}, .fields = {}, .origin = {}, .protocols = {}}};
  plan.connections = 5;
  plan.messages = 1000;
  return plan;
}

using error_counts = std::map<std::string, std::uint64_t, std::less<>>;

struct running_mock {
  explicit running_mock(mock_behaviour how) { REQUIRE(mock.start({{.behaviour = how}}, any_port()).has_value()); }
  bench_plan plan() const { return plan_for(mock.instances().front().at); }

  mock_service mock;
};

inline bench_report run(bench_plan const& plan) {
  auto report = run_bench(plan);
  REQUIRE(report.has_value());
  return std::move(*report);
}

/// Answers as a test says: `answer` gets each message, on the server's thread.
class strange_server {
 public:
  using answer = std::function<void(net::peer& to, std::string_view text)>;

  explicit strange_server(answer how)
      : loop_(time_),
        answer_(std::move(how)),
        done_(loop_.where()),
        server_(loop_, open(), [this](accepted_websocket opened) { return serve(std::move(opened)); }) {
    thread_ = std::thread([this] { run_loop(loop_, run()); });
  }
  ~strange_server() { stop(); }
  /// What the answers have left behind may be looked at then.
  void stop() {
    if (!thread_.joinable()) return;
    loop_.where().execute([this] { done_.set(); });
    thread_.join();
  }
  bench_plan plan() const { return plan_for(server_.local()); }

 private:
  struct connection final : net::peer_owner {
    connection(net::loop& on, answer const& as)
        : how(as), peer(on, wire::role::server, 0, {1 << 20, 1 << 18}, *this), ended(on.where()) {}
    void on_bytes(std::span<char> bytes) override {
      for (auto e = peer.next(bytes); e.what != wire::event::kind::none; e = peer.next(bytes)) {
        if (e.what == wire::event::kind::message) {
          how(peer, {e.payload.data(), e.payload.size()});
        } else {
          ended.set();
        }
      }
    }
    bool may_read() const override { return true; }
    void on_drained() override {}
    void on_lost(std::error_code) override { ended.set(); }

    answer const& how;
    net::peer peer;
    net::event ended;
  };

  std::unique_ptr<net::listener> open() {
    auto opened = net::listener::open(loop_, any_port());
    return std::move(*opened);
  }
  net::awaitable<void> serve(accepted_websocket opened) {
    connection c(loop_, answer_);
    auto const attached = c.peer.attach(std::move(opened.socket), std::move(opened.rest));
    if (attached) co_await c.ended.wait();
    std::string const no_reason;
    co_await c.peer.close(wire::close_code::normal, no_reason, std::chrono::seconds(1));
  }
  net::awaitable<void> run() {
    net::task_group serving(loop_.where());
    serving.spawn(server_.run());
    co_await done_.wait();
    server_.stop();
    co_await serving.join();
  }

  monotonic_clock time_;
  net::loop loop_;
  answer answer_;
  net::event done_;
  websocket_server server_;
  std::thread thread_;
};

}  // namespace gw::tools::testing
