// One WebSocket of the load: sends stamped messages, journals what comes back. Used by load_client only.
#pragma once

#include "instruments/journal.hpp"
#include "instruments/load_plan.hpp"
#include "net/peer.hpp"

#include <deque>
#include <random>
#include <vector>

namespace gw::testbed {

/// What all sessions share. One thread.
struct load_state {
  load_plan const& plan;
  net::loop& loop;
  clock const& time;
  journal& book;
  load_counts counts{};
  std::mt19937_64 chance;
  bool sending = false;
  bool stopping = false;
  std::uint64_t unexplained = 0;  // sent, and neither answered nor told of
  std::uint64_t open = 0;         // sessions
  net::event* changed = nullptr;  // set when one of the two falls to 0, or all are open
};

class load_session final : public net::peer_owner {
 public:
  /// `n`: the latest ordinals of the client, per service; outlives the session.
  load_session(load_state& all, std::uint64_t client, std::uint64_t session, std::vector<std::uint64_t>& n);

  /// From the 101 to the end of the socket.
  net::awaitable<void> run(net::transport socket, std::string rest);

  /// One message to the next service in turn. False: the window is full, or the session ends.
  bool send_one();
  /// One to each service; in a closed loop as many as the window takes.
  void begin();
  /// The client leaves.
  void end();

  /// "r=MIN-MAX" of the Close that came, if it said so.
  std::string const& close_reason() const noexcept { return reason_; }

 private:
  struct unanswered {
    std::uint64_t seq;
    std::uint64_t n;
    time_point sent;
  };
  struct lane {  // to one service
    std::deque<unanswered> waiting{};
    bool told = false;  // its channel ended, and nothing was answered since
    std::uint64_t first_n_after = 0;
    time_point first_sent_after{};
  };

  void on_bytes(std::span<char> bytes) override;
  bool may_read() const override { return !all_.plan.deaf || ending_; }
  void on_drained() override {}
  void on_lost(std::error_code cause) override;

  void on_text(std::string_view text);
  void on_told(std::string_view text);
  void on_refusal(std::uint64_t from, std::uint64_t to, std::string const& code, bool sent);
  void on_notice(std::string_view service, std::uint64_t epoch, std::uint64_t last_seq, unsigned close_code);
  void on_end(unsigned code, std::string_view reason);
  void send(std::size_t service);
  void explained(std::uint64_t count);
  lane* lane_of(std::string_view service);

  load_state& all_;
  std::uint64_t client_;
  std::uint64_t session_;
  std::vector<std::uint64_t>& n_;
  net::peer peer_;
  net::event ended_;
  std::vector<lane> lanes_;
  std::size_t next_ = 0;
  std::uint64_t seq_ = 0;
  std::uint64_t waiting_ = 0;
  std::uint64_t owed_ = 0;  // messages of a closed loop that this read let go
  time_point now_;          // of this read
  bool ending_ = false;
  std::string reason_;
  std::string assembled_;
};

}  // namespace gw::testbed
