// chaos_proxy PLAN: a TCP proxy that delays, chops, stalls, damages and breaks what passes through it. PLAN is JSON
// (see chaos_plan.hpp). Prints {"event":"listening","address":...}, and at its end, by SIGINT or SIGTERM, what it did.
#include "instruments/chaos_pipe.hpp"
#include "net/listen.hpp"
#include "tools/run_loop.hpp"

#include <fmt/core.h>
#include <nlohmann/json.hpp>

#include <csignal>
#include <cstdio>

namespace {

using gw::net::awaitable;

class chaos_proxy {
 public:
  explicit chaos_proxy(gw::testbed::chaos_plan const& plan)
      : plan_(plan), loop_(time_), ends_(loop_.where(), {SIGINT, SIGTERM}), links_(loop_.where()) {}

  gw::result<> listen() {
    auto opened = gw::net::listener::open(loop_, plan_.listen);
    if (!opened) return opened.error();
    listener_ = std::move(*opened);
    say({{"event", "listening"}, {"address", listener_->local().text()}});
    return {};
  }

  void run() { gw::tools::run_loop(loop_, live()); }

 private:
  awaitable<void> live() {
    gw::net::task_group accepting(loop_.where());
    accepting.spawn(accept());
    co_await ends_.next();
    listener_->close();
    ends_.close();
    for (auto* const link : open_) link->cut();
    co_await accepting.join();
    co_await links_.join();
    say({{"event", "done"},
         {"links", counts_.links},
         {"bytes", counts_.bytes},
         {"writes", counts_.writes},
         {"flips", counts_.flips},
         {"stalls", counts_.stalls},
         {"resets", counts_.resets},
         {"half_closes", counts_.half_closes}});
  }

  awaitable<void> accept() {
    for (std::uint64_t ordinal = 1;; ++ordinal) {
      auto accepted = co_await listener_->accept();
      if (!accepted) co_return;
      links_.spawn(serve(std::move(*accepted), ordinal));
    }
  }

  awaitable<void> serve(gw::net::unique_fd client, std::uint64_t ordinal) {
    gw::testbed::chaos_link link(loop_, plan_, ordinal, counts_);
    open_.push_back(&link);
    co_await link.run(std::move(client));
    std::erase(open_, &link);
  }

  static void say(nlohmann::ordered_json const& line) {
    fmt::print("{}\n", line.dump());
    std::fflush(stdout);
  }

  gw::testbed::chaos_plan const& plan_;
  gw::monotonic_clock time_;
  gw::net::loop loop_;
  gw::net::signals ends_;
  gw::net::task_group links_;
  std::unique_ptr<gw::net::listener> listener_;
  std::vector<gw::testbed::chaos_link*> open_;
  gw::testbed::chaos_counts counts_;
};

}  // namespace

int main(int argc, char** argv) {
  std::signal(SIGPIPE, SIG_IGN);
  if (argc != 2) {
    fmt::print(stderr, "usage: chaos_proxy PLAN (JSON, see testbed/instruments/chaos_plan.hpp)\n");
    return 2;
  }
  auto const plan = gw::testbed::chaos_plan::parse(argv[1]);
  if (!plan) {
    fmt::print(stderr, "chaos_proxy: {}\n", gw::describe(plan.error()));
    return 2;
  }
  chaos_proxy proxy(*plan);
  if (auto const listening = proxy.listen(); !listening) {
    fmt::print(stderr, "chaos_proxy: {}\n", gw::describe(listening.error()));
    return 5;
  }
  proxy.run();
  return 0;
}
