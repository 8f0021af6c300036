// One WebSocket of the load generator: writes its messages and tells what comes back apart, a read at a time. Used by
// the generator only.
#pragma once

#include "net/peer.hpp"
#include "tools/bench_flight.hpp"

#include <string>

namespace gw::tools {

class bench_connection final : public net::peer_owner {
 public:
  bench_connection(bench_thread& of, std::uint64_t number);

  /// From the 101 to the end of the socket.
  net::awaitable<void> run(net::transport socket, std::string rest);
  /// Closed loop: sends the first messages.
  void begin();
  /// Open loop: sends the message that was due at `planned`. False: too many are in flight, or too much is queued.
  bool send_due(time_point planned, time_point now);
  /// What is still in flight counts as unanswered.
  void give_up() { flight_.lose_all(); }
  /// The test is over; what left before `since` should have had its answer.
  void forget(time_point since) { flight_.forget(since); }
  /// Marks the end; run() does the rest. The first call counts.
  void end();
  bool has_ended() const noexcept { return ending_; }

 private:
  void on_bytes(std::span<char> bytes) override;
  bool may_read() const override { return !ending_; }
  void on_drained() override {}
  void on_lost(std::error_code cause) override;

  void on_text(std::string_view text);
  bool on_push(std::string_view text);
  void on_close(wire::event const& close);
  void collect(wire::event const& piece);
  void send(std::uint64_t count, time_point now);
  std::size_t write_next(char* to, bench_departure when);
  void fail(std::string const& what);

  bench_thread& thread_;
  std::uint64_t number_;
  net::peer peer_;
  net::event ended_;
  bench_flight flight_;
  bench_turn turn_;
  std::uint64_t written_ = 0;  // messages
  std::uint64_t owed_ = 0;     // messages that the answers of this read let go
  bool ending_ = false;
  std::string assembled_;
};

}  // namespace gw::tools
