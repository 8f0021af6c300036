// Mock services: real WebSocket servers that answer, push, delay and fail on request, on a thread of their own.
// Used by `wsgw mock-service`, by the demo inside `wsgw serve`, and by tests. Knows nothing of the gateway.
#pragma once

#include "core/clock.hpp"
#include "core/error.hpp"
#include "net/address.hpp"
#include "net/event.hpp"
#include "net/loop.hpp"
#include "tools/mock_behaviour.hpp"

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

namespace gw::tools {

/// `instances` WebSocket servers called NAME-1, NAME-2, ...
struct mock_plan {
  std::string service = "echo";
  std::size_t instances = 1;
  mock_behaviour behaviour{};
  std::map<std::size_t, mock_behaviour> exceptions{};  // of single instances, by their ordinal from 1

  mock_behaviour const& behaviour_of(std::size_t ordinal) const {
    auto const own = exceptions.find(ordinal);
    return own == exceptions.end() ? behaviour : own->second;
  }
};

struct mock_instance {
  std::string service;
  std::string name;
  net::address at;
};

class mock_service {
 public:
  mock_service();
  /// stop() and join().
  ~mock_service();
  mock_service(mock_service const&) = delete;
  mock_service& operator=(mock_service const&) = delete;

  /// Listens at once, so that instances() is complete on return, and serves on a new thread. Once.
  /// `at`: port 0 = a port of the kernel's for each instance; else consecutive ports from it on. `seed`: of all that is
  /// left to chance; the n-th connection of an instance always draws the same.
  result<> start(std::vector<mock_plan> const& plans, net::address const& at, std::uint64_t seed = 0);

  /// All of them in the order of the plans.
  std::vector<mock_instance> const& instances() const noexcept { return instances_; }

  /// Obeys a control line (mock_control.hpp) between start() and stop(), and returns what there is to say about it:
  /// JSON lines, the last of them {"event":"control","ok":..}. Waits for the mock's thread. Any other thread.
  std::string control(std::string_view line);

  /// Close 1001 to everyone. Any thread; returns at once.
  void stop();
  /// Waits for the end after stop().
  void join();

 private:
  struct server;

  net::awaitable<void> run();
  std::string obey(std::string_view line);

  monotonic_clock time_;
  net::loop loop_;
  std::vector<mock_instance> instances_;
  std::vector<std::unique_ptr<server>> servers_;
  net::event stop_requested_;
  std::thread thread_;
};

}  // namespace gw::tools
