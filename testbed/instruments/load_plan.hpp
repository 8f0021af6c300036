// What ledger_load is to do, as its one argument says in JSON, and what it counts. Every member may be left out.
#pragma once

#include "core/clock.hpp"
#include "core/error.hpp"
#include "core/histogram.hpp"
#include "net/address.hpp"

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace gw::testbed {

/// "run", "gateways" ["IP:PORT"], "services", "clients", "first_client", "rate", "window", "padding", "seconds",
/// "settle_ms", "reconnect_ms" [MIN, MAX], "dial_at_once", "sources", "deaf", "receive_buffer", "journal", "seed".
struct load_plan {
  using milliseconds = std::chrono::milliseconds;

  std::string run = "run";
  std::vector<net::address> gateways;  // a client goes to the next one each time it connects
  std::string target = "/ws";
  std::vector<std::string> services = {"a"};
  std::uint64_t clients = 1;
  std::uint64_t first_client = 1;  // number of the first; several loads of one run must not share any
  double rate = 0;                 // messages a second of all clients together; 0: a closed loop
  std::uint64_t window = 1;        // unanswered messages per session; beyond it a rate is not kept
  std::size_t padding = 0;
  double seconds = 0;           // from the moment when all are open; 0: until SIGTERM
  milliseconds settle{10'000};  // for the last answers
  std::optional<std::pair<milliseconds, milliseconds>> reconnect;  // wait at random; a Close's own r=MIN-MAX goes first
  std::uint64_t dial_at_once = 64;
  std::uint64_t sources = 1;  // 127.0.0.1, 127.0.0.2, ... to connect from
  bool deaf = false;          // reads nothing after the handshake
  int receive_buffer = 0;     // SO_RCVBUF; 0: the kernel's choice
  std::string journal;        // file; empty: none
  std::uint64_t seed = 1;

  static result<load_plan> parse(std::string_view json);
};

struct load_counts {
  std::uint64_t sessions = 0;  // opened
  std::uint64_t sent = 0;
  std::uint64_t acked = 0;
  std::uint64_t notices = 0;
  std::uint64_t bad = 0;        // messages that make no sense
  std::uint64_t held_back = 0;  // not sent although the rate wanted it: windows were full, or nobody was connected
  std::map<std::string, std::uint64_t> refused;
  std::map<std::string, std::uint64_t> closed;
  std::map<std::string, std::uint64_t> not_connected;
  histogram answer_ns;        // from a message to its answer
  histogram refusal_ns;       // to its error frame
  histogram after_notice_ns;  // from the first message behind a notice to the first answer of its service
  histogram return_ns;        // from the end of a session to the next one of this client
};

}  // namespace gw::testbed
