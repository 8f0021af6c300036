// One WebSocket of a mock service: answers, pushes and ends as its behaviour says. Used by the mock service only.
#pragma once

#include "net/peer.hpp"
#include "tools/mock_service.hpp"

#include <deque>
#include <string>

namespace gw::tools {

/// Lives in the coroutine that serves it; on the thread of its loop.
class mock_connection final : public net::peer_owner {
 public:
  mock_connection(net::loop& where, mock_instance const& instance, mock_behaviour const& behaviour);

  /// From the 101 to the end of the socket.
  net::awaitable<void> run(net::transport socket, std::string rest);
  /// Marks the end; run() does the rest. The first call counts.
  void end(wire::close_code code, std::string reason);

 private:
  struct delayed {
    time_point due;
    std::string frames;
  };

  void on_bytes(std::span<char> bytes) override;
  bool may_read() const override;
  void on_drained() override;
  void on_lost(std::error_code cause) override;

  // In front of `payload` there is room for the header of an answer.
  void on_message(wire::opcode op, std::span<char> payload);
  void collect(wire::event const& piece);
  void answer_raw(wire::opcode op, std::span<char> payload);
  void answer_in_envelope(wire::opcode op, std::string_view text);
  void send_run();
  void write_down(std::string_view text);
  void answer_written();
  void send_later(std::string_view frames);
  void count_message();

  static void on_push_due(void* self);
  static void on_delay_over(void* self);
  void push();
  void send_delayed();
  void log_message(std::string_view text) const;

  net::loop& loop_;
  mock_instance const& instance_;
  mock_behaviour const& behaviour_;
  net::peer peer_;
  net::event ended_;
  net::timer push_timer_;
  net::timer delay_timer_;
  time_point push_since_{};
  std::uint64_t pushes_due_ = 0;
  std::uint64_t messages_ = 0;
  std::uint64_t pushed_ = 0;
  bool ending_ = false;
  wire::close_code code_{};
  std::string reason_;
  std::string assembled_;  // a message that came in pieces, behind room for a header
  std::deque<delayed> delayed_;
  std::size_t delayed_bytes_ = 0;

  // What one read brought to the ledger: its lines, and the answers that leave once those are written.
  std::string connection_;
  std::string lines_;
  std::string acks_;

  // Answers made in the read buffer, side by side; they leave together.
  char* run_begin_ = nullptr;
  char* run_end_ = nullptr;
};

}  // namespace gw::tools
