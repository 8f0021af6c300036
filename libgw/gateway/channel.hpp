// One upstream WebSocket of one session: dialled on the first message, then the way back of a message: what the
// upstream sends is checked and forwarded to the client. Tells the client exactly once when it ends.
#pragma once

#include "config/config.hpp"
#include "gateway/assembly.hpp"
#include "gateway/dial.hpp"
#include "gateway/idle_watch.hpp"
#include "gateway/rehoming.hpp"
#include "gateway/stats.hpp"
#include "net/peer.hpp"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

namespace gw::net {
class stream;
}
namespace gw::wire {
struct channel_facts;
}

namespace gw::gateway {

class session;
class worker;

/// Why a channel ends: what the upstream is told and what the client is told.
struct channel_end {
  enum class kind : std::uint8_t {
    session_over,     // the client is gone: nobody to tell
    upstream_closed,  // it sent a Close (code, reason) or its connection broke (1006)
    refused_message,  // it broke the protocol or a limit: `code` goes to it
    aborted,          // a streamed message turned bad behind its first pieces, or the session held too much
    silent,           // it showed no life
    idle,             // channel.idle_timeout
    moved,            // another one has its place, or keeps it
    asked,            // the client asked for it
    dial_failed,      // never opened; each waiting message got its error frame
  };
  kind why = kind::session_over;
  wire::close_code code = wire::close_code::going_away;
  std::string reason{};
};

/// Who decided which instance a channel goes to.
enum class chosen_by : std::uint8_t {
  balancer,
  key,      // of a rule: it belongs elsewhere when the instance leaves
  address,  // that a rule names: nowhere else will do
};

/// The place of a channel that is to move, and what had passed on it when that was decided.
struct relief {
  std::uint32_t epoch = 0;
  std::uint64_t activity = 0;

  friend bool operator==(relief const&, relief const&) = default;
};

/// Owned by the coroutine that dials, then its own (the session's table and the poller point at it), then owned by the
/// coroutine that closes it: while it waits for bytes there is none.
///
/// A channel that moves is relieved: another one is dialled, stands by until it is open, and takes the place, unless
/// something has passed on the first meanwhile. Then the first one retires: no message goes to it any more, its
/// upstream gets a Close, and what that still says up to its own is passed on.
class channel final : public net::peer_owner, public movable {
 public:
  /// `wanted`: the instance that a rule asks for, by its key or address; none: the balancer chooses.
  channel(session& of, std::uint32_t service, std::optional<cluster::instance_id> wanted, chosen_by who,
          std::uint32_t epoch);
  /// One that stands by, to be dialled at `wanted`, or wherever the balancer says.
  channel(session& of, std::uint32_t service, std::optional<cluster::instance_id> wanted, relief of_whom);
  ~channel();

  /// Dials. Who is open then is left to itself.
  static net::awaitable<void> begin(std::unique_ptr<channel> who);
  /// Marks the end; tells and closes soon. The first call counts. Allowed inside a turn. A client that goes while we
  /// dial leaves what it said behind: the dial goes on for a moment, so that it may still be delivered. No memory for
  /// that ends the process.
  void end(channel_end why) noexcept;
  bool ending() const noexcept { return end_.has_value(); }

  std::uint32_t service() const noexcept { return service_; }
  std::uint32_t epoch() const noexcept { return epoch_; }
  std::uint64_t accepted() const noexcept { return accepted_; }
  std::uint64_t received() const noexcept { return received_; }
  std::uint64_t last_handed() const noexcept { return upstream_.output().last_handed(); }

  // --- moving ---

  /// It has the place: the session's messages for the service go to it.
  bool serves() const noexcept { return !stands_by_ && !retired_; }
  bool retired() const noexcept { return retired_; }
  std::optional<relief> const& stands_by() const noexcept { return stands_by_; }
  /// It stood by and has the place now.
  void serve(std::uint32_t epoch) noexcept;
  /// It has lost the place: tells the client, and ends when its upstream has said all, or does not come to that.
  void retire();
  /// Asked from time to time: has nothing passed for `rehome_quiet`, and is nothing on its way?
  bool is_quiet(time_point now) noexcept;
  relief as_it_is() const noexcept { return {epoch_, activity(this)}; }
  cluster::instance_id instance() const noexcept { return instance_; }
  chosen_by chosen() const noexcept { return chosen_by_; }
  session& of() const noexcept { return session_; }

  // --- client to upstream, called by the session inside a turn ---

  /// `run`: whole masked frames, one per message, numbered from `first_seq`; contiguous, valid during the call. `last`:
  /// nothing more for this channel comes of the batch at hand.
  void send_run(std::string_view run, std::uint64_t first_seq, std::uint64_t messages, bool last);
  /// A message that leaves in pieces, each one a whole frame; masks `piece` in place.
  void stream(std::span<char> piece, wire::opcode op, bool first, bool last, std::uint64_t seq);
  /// The session must not be read until this channel has drained, or has paused it long enough.
  bool pauses_session() const noexcept { return pause_.running(); }
  /// Further messages are to be refused with QUEUE_FULL.
  bool full() const noexcept { return full_; }
  std::size_t room() const noexcept;
  std::size_t held_bytes() const noexcept;

  void resume_reading() { upstream_.resume_reading(); }
  void bounds_changed() { upstream_.bounds_changed(); }

 private:
  struct download;

  void on_bytes(std::span<char> bytes) override;
  bool may_read() const override;
  std::size_t read_room() const override;
  void on_drained() override;
  void on_lost(std::error_code cause) override;
  void on_silent() override;
  void on_round_trip(duration took) override;

  void note_queue();
  void begin_pause();
  static void on_pause_over(void* self);
  static std::uint64_t activity(void const* self);
  void watch_idleness(duration limit);
  static void on_idle(void* self);
  void on_message(wire::event const& message);
  void on_piece(wire::event const& piece);
  void on_upstream_close(wire::event const& close);
  void begin_streaming(wire::event const& piece);
  /// The whole message that was held.
  void forward_held();
  void forward_piece(std::span<char> payload, wire::opcode op, bool first, bool last);
  void forward_run(bool last = false);
  /// A whole message, behind those before it. False: not for this client, or it would not become smaller.
  bool forward_compressed(wire::opcode op, std::span<char const> payload);
  /// A message of the upstream is complete. False: the client is not to have it.
  bool count_message();
  void count_down(std::size_t bytes);
  static void on_stall(void* self);

  net::awaitable<result<>> open();
  static net::awaitable<void> finish(std::unique_ptr<channel> owned);
  net::awaitable<void> close();
  void fail(error const& why);
  void give_up(std::string_view why);
  bool delivers_last_words() const noexcept;
  bool upstream_may_still_take() const noexcept;
  void hurry(duration patience);
  static void on_hurry(void* self);
  void tell_waiting(error const& why);
  void tell_end();
  wire::channel_facts end_facts(wire::close_code code, std::string_view reason) const;
  void tell_retirement();
  void end_retirement();
  void judge_instance() const;
  std::string_view service_name() const;

  session& session_;
  worker& worker_;
  config::service const& settings_;
  std::uint32_t service_;
  std::optional<cluster::instance_id> wanted_;
  chosen_by chosen_by_;
  std::uint32_t epoch_;
  net::peer upstream_;
  std::unique_ptr<net::timer> hurry_;  // ends a dial for a client that is gone, or a retirement
  net::timer pause_;                   // channel.queue.pause_limit
  idle_watch idle_;                    // channel.idle_timeout
  lease lease_;                        // counts this channel on its instance
  cluster::instance_id instance_{};    // who was dialled
  time_point opened_at_{};
  net::stream* dialling_ = nullptr;     // what end() must interrupt
  std::unique_ptr<download> download_;  // a message that came in pieces
  std::optional<channel_end> end_;
  bool open_ = false;
  bool alone_ = false;  // open, and no coroutine owns it
  bool full_ = false;
  bool retired_ = false;
  time_point may_pause_from_{};
  std::optional<relief> stands_by_;
  std::uint64_t activity_seen_ = 0;  // by is_quiet(),
  time_point quiet_from_{};          // which has seen no other since then

  std::uint64_t accepted_ = 0;  // messages taken from the client
  std::uint64_t received_ = 0;  // messages taken from the upstream
  char* run_begin_ = nullptr;   // contiguous frames for the client, forwarded together
  char* run_end_ = nullptr;
};

}  // namespace gw::gateway
