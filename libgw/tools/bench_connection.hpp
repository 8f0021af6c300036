// One WebSocket of the load generator: keeps so many messages in flight and times their answers, a read at a time.
// Used by the generator only.
#pragma once

#include "net/peer.hpp"
#include "tools/bench_counts.hpp"
#include "tools/bench_message.hpp"

#include <memory>
#include <string>
#include <vector>

namespace gw::tools {

/// What the connections of one thread share.
struct bench_thread {
  net::loop& loop;
  clock const& time;
  bench_plan const& plan;
  bench_messages const& messages;
  bench_counts counts;
  bool sending = false;      // new messages may be sent
  bool measuring = false;    // answers count
  std::uint64_t budget = 0;  // messages that may still be sent
  std::uint64_t in_flight = 0;
  std::uint64_t answers = 0;          // all, also unmeasured: a sign of life
  std::size_t open = 0;               // connections
  net::event* quiet = nullptr;        // set when nothing more is to come: budget and flight are over, or nobody is left
  std::unique_ptr<char[]> scratch{};  // frames of one batch
  std::size_t scratch_size = 0;

  void look_if_quiet();
};

class bench_connection final : public net::peer_owner {
 public:
  bench_connection(bench_thread& of, std::uint64_t number);

  /// From the 101 to the end of the socket.
  net::awaitable<void> run(net::transport socket, std::string rest);
  /// Sends the first messages.
  void begin();
  /// Marks the end; run() does the rest. The first call counts.
  void end();

 private:
  struct batch {
    time_point sent;
    std::uint64_t count;
  };
  /// The unanswered messages to one service, oldest first: batches, since all of a batch have one time.
  struct flight {
    std::vector<batch> batches{};
    std::size_t first = 0;
    std::uint64_t waiting = 0;
    std::uint64_t sent = 0;            // ordinal of the latest message
    std::uint64_t answered = 0;        // ordinal of the latest answered or lost message
    std::uint64_t fresh_answers = 0;   // of this read, not yet timed
    std::uint64_t fresh_messages = 0;  // of this batch
  };

  void on_bytes(std::span<char> bytes) override;
  bool may_read() const override { return !ending_; }
  void on_drained() override {}
  void on_lost(std::error_code cause) override;

  void on_text(std::string_view text);
  void on_answer(flight& to, std::size_t service, std::string_view text);
  void on_error(bench_answer const& found);
  void count_error(std::string_view what);
  void on_close(wire::event const& close);
  void collect(wire::event const& piece);
  void time_answers(time_point now);
  void time_answers_of(std::size_t service, time_point now);
  void take(flight& from, std::uint64_t count, time_point now, histogram* to);
  void lose(std::size_t service);
  void send(std::uint64_t count, time_point now);
  void fail(std::string const& what);

  bench_thread& thread_;
  std::uint64_t number_;
  net::peer peer_;
  net::event ended_;
  std::vector<flight> flights_;  // by service
  std::size_t next_service_ = 0;
  std::uint64_t owed_ = 0;  // messages that the answers of this read let go
  bool ending_ = false;
  std::string assembled_;
};

}  // namespace gw::tools
