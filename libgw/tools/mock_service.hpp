// Mock services: real WebSocket servers that echo, push, delay and close on request, on a thread of their own.
// Used by `wsgw mock-service`, by the demo inside `wsgw serve`, and by tests. Knows nothing of the gateway.
#pragma once

#include "core/clock.hpp"
#include "core/error.hpp"
#include "core/units.hpp"
#include "net/address.hpp"
#include "net/event.hpp"
#include "net/loop.hpp"
#include "tools/ledger.hpp"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

namespace gw::tools {

/// How an instance treats its connections.
struct mock_behaviour {
  enum class answer : std::uint8_t {
    envelope,  // text: see envelope.hpp; binary: the same bytes back
    raw,       // the same bytes and opcode back, as fast as it goes
    ledger,    // stamped messages (ledger.hpp) are written down, then answered with their stamp
    none,
  };
  answer reply = answer::envelope;
  std::optional<rate> push{};      // {"service","instance","push":k} on every connection
  duration delay{};                // each answer leaves at least this much later (coarse: up to one tick more)
  duration accept_delay{};         // between the TCP connection and the 101
  std::uint64_t close_after = 0;   // Close 1000 behind the answer to that message; 0 = never
  std::shared_ptr<ledger> book{};  // answer::ledger only; one for all instances of a mock service
  bool log = false;                // opens, closes and messages with their text as log events
};

/// `instances` WebSocket servers called NAME-1, NAME-2, ...
struct mock_plan {
  std::string service = "echo";
  std::size_t instances = 1;
  mock_behaviour behaviour{};
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
  /// `at`: port 0 = a port of the kernel's for each instance; else consecutive ports from it on.
  result<> start(std::vector<mock_plan> const& plans, net::address const& at);

  /// All of them in the order of the plans.
  std::vector<mock_instance> const& instances() const noexcept { return instances_; }

  /// Close 1001 to everyone. Any thread; returns at once.
  void stop();
  /// Waits for the end after stop().
  void join();

 private:
  struct server;

  net::awaitable<void> run();

  monotonic_clock time_;
  net::loop loop_;
  std::vector<mock_instance> instances_;
  std::vector<std::unique_ptr<server>> servers_;
  net::event stop_requested_;
  std::thread thread_;
};

}  // namespace gw::tools
