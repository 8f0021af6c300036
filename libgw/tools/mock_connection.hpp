// One WebSocket of a mock service: answers, pushes and ends as its behaviour says. Used by the mock service only.
#pragma once

#include "net/peer.hpp"
#include "tools/mock_service.hpp"
#include "tools/steady_rate.hpp"

#include <cstdint>
#include <deque>
#include <random>
#include <string>

namespace gw::tools {

/// Lives in the coroutine that serves it; on the thread of its loop.
class mock_connection final : public net::peer_owner {
 public:
  /// `path`: of its handshake. `seed`: of all that it leaves to chance.
  mock_connection(net::loop& where, mock_instance const& instance, mock_behaviour const& behaviour, std::string path,
                  std::uint64_t seed);

  /// From the 101 to the end of the socket.
  net::awaitable<void> run(net::transport socket, std::string rest);
  /// Marks the end; run() does the rest. The first call counts. `abnormal`: without a Close.
  void end(wire::close_code code, std::string reason);
  /// The behaviour is another one from now on.
  void behaviour_changed();
  /// A text of its own accord.
  void say(std::string_view text);

  /// That came, over all that were counted by this number.
  std::uint64_t messages() const noexcept { return messages_; }

 private:
  struct delayed {
    time_point due;
    std::string frames;
  };

  void on_bytes(std::span<char> bytes) override;
  bool may_read() const override;
  std::size_t read_room() const override;
  void on_drained() override;
  void on_lost(std::error_code cause) override;

  // In front of `payload` there is room for the header of an answer.
  void on_message(wire::opcode op, std::span<char> payload);
  void collect(wire::event const& piece);
  void pay_for(std::size_t bytes);

  bool misfortune(std::string_view text);
  void answer(wire::opcode op, std::span<char> payload);
  void answer_raw(wire::opcode op, std::span<char> payload);
  void send_run();
  void write_down(std::string_view text);
  void answer_written();
  void end_behind_answers();

  answering who(std::uint64_t n) const;
  bool is_dumb() const noexcept { return never_speaks_ || behaviour_.half_open; }
  std::string frame_of(wire::opcode op, std::string_view payload);
  void send_now(std::string_view frames);
  void send_or_delay(std::string_view frames);
  void send_delayed();
  void speak();
  void log_message(std::string_view text) const;

  net::loop& loop_;
  mock_instance const& instance_;
  mock_behaviour const& behaviour_;
  std::string const path_;
  bool const never_speaks_;
  net::peer peer_;
  net::event ended_;
  net::timer speak_timer_;
  net::timer delay_timer_;
  net::timer read_timer_;
  std::mt19937_64 chance_;
  steady_rate push_;
  steady_rate flood_;
  std::uint64_t messages_ = 0;
  std::uint64_t pushed_ = 0;
  std::uint64_t flooded_ = 0;
  bool closing_ = false;  // the last message has come; the end is behind its answer
  bool ending_ = false;
  bool begun_ = false;
  wire::close_code code_{};
  std::string reason_;
  std::string assembled_;  // a message that came in pieces, behind room for a header
  std::deque<delayed> delayed_;
  std::size_t delayed_bytes_ = 0;
  time_point last_due_{};  // of the delayed ones: answers keep their order

  // What one read brought to the ledger: its lines, and the answers that leave once those are written.
  std::string connection_;
  std::string lines_;
  std::string acks_;

  // Answers made in the read buffer, side by side; they leave together.
  char* run_begin_ = nullptr;
  char* run_end_ = nullptr;
};

}  // namespace gw::tools
