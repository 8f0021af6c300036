// A WebSocket after its handshake, either side: socket, decoder, output queue and closing handshake. Sessions, channels
// and the tools each own one. Knows nothing of rules, services or of what the messages mean.
#pragma once

#include "core/pace.hpp"
#include "core/watermarks.hpp"
#include "net/event.hpp"
#include "net/heartbeat.hpp"
#include "net/loop.hpp"
#include "net/send_queue.hpp"
#include "net/transport.hpp"
#include "wire/decoder.hpp"

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

namespace gw::net {

class stream;

/// What a peer asks of and tells its owner; all inside a turn: mark, do not destroy.
class peer_owner {
 public:
  /// Everything one read brought. All of it is to be consumed: `while (peer.next(bytes).what != none)`.
  virtual void on_bytes(std::span<char> bytes) = 0;
  /// Asked before each read: computed from all reasons not to (queues over their marks, teardown, ...).
  virtual bool may_read() const = 0;
  /// Bytes that may be read at once without a queue exceeding its mark by more than one read.
  virtual std::size_t read_room() const { return poller::read_buffer_size; }
  /// The queue had been above its high mark and has fallen to the low one.
  virtual void on_drained() = 0;
  /// End of input or a broken connection; once. `cause` empty: an orderly end.
  virtual void on_lost(std::error_code cause) = 0;
  /// No life for as long as watch() said; outside of a turn or inside.
  virtual void on_silent() {}
  /// Output above the high mark, of which nothing drained for as long as watch() said. Outside of a turn.
  virtual void on_stalled() {}
  /// The answer to one of our pings.
  virtual void on_round_trip(duration) {}

 protected:
  ~peer_owner() = default;
};

/// One thread, that of its loop. Output may be queued before attach(); it leaves then.
class peer final : public pollable {
 public:
  peer(loop& where, wire::role we_are, std::uint64_t max_message, watermarks marks, peer_owner& owner) noexcept;
  ~peer();
  peer(peer const&) = delete;
  peer& operator=(peer const&) = delete;

  /// Takes the upgraded connection over. `rest`: bytes that came behind the handshake; they are the first that are
  /// read.
  result<> attach(stream& from, std::string rest);
  /// The same for a socket that nobody watches yet.
  result<> attach(transport socket, std::string rest);
  bool attached() const noexcept { return socket_.is_open(); }
  /// Pings the other side from now on, and tells the owner when it is silent or stalled.
  void watch(patience limits) { heartbeat_.start(limits); }
  /// Pings and pongs of the other side are the owner's: next() shows them, and nobody answers. Pongs of our own pings
  /// are still swallowed.
  void pass_control_frames() noexcept { passes_control_ = true; }
  /// permessage-deflate was agreed on: events may be `compressed`. Before attach().
  void accept_compressed() noexcept { decoder_.accept_compressed(); }

  // --- input, inside on_bytes() ---

  /// The next event in `bytes`. Pings are answered and pongs swallowed here; too many of them are a violation (4029).
  wire::event next(std::span<char>& bytes);
  bool inside_message() const noexcept { return decoder_.inside_message(); }
  /// What next() left of `bytes` is to be read again later: with the next read, if the owner allows one.
  void put_back(std::span<char const> bytes);
  /// Bytes that were put back, or came behind the handshake, and still wait.
  std::size_t waiting_input() const noexcept { return aside_ ? aside_->rest.size() : 0; }

  // --- output: whole frames, in order ---

  /// Sends a run of frames straight from the caller's memory, behind what is queued, if that pays: from 8 KiB on, or
  /// from 2 KiB if it is `last`, the last that this peer gets in this turn. Returns how many bytes of it the socket
  /// took; the caller queues the rest.
  std::size_t send_directly(std::string_view run, bool last = false);
  void queue(std::string_view frames);
  /// The two in one.
  void send(std::string_view frames, bool last = false);
  /// One whole message or control frame from a string that is not on the data path; masked if we are a client.
  void send_message(wire::opcode op, std::string_view payload);
  send_queue& output() noexcept { return queue_; }
  send_queue const& output() const noexcept { return queue_; }
  /// The queue rose above its high mark and has not yet fallen to the low one.
  bool congested() const noexcept { return congested_; }
  /// Its own, or those of hard times while memory is short.
  watermarks marks() const noexcept;
  /// How much whoever feeds the queue may read at once: all of a read buffer up to the low mark, then, or while memory
  /// is short, what is left to the high one.
  std::size_t room() const noexcept;

  /// The owner's reasons not to read have changed.
  void resume_reading();
  /// `loop::memory_is_short` has changed, and with it the marks.
  void bounds_changed();

  /// Queues our Close; what is queued behind it is dropped, but reading goes on. close() then adds none.
  void send_close(wire::close_code code, std::string_view reason);

  // --- what its heartbeat asks ---

  bool may_read() const { return attached() && !lost_ && owner_.may_read(); }
  std::uint64_t handed() const noexcept { return socket_.handed(); }
  std::uint64_t acknowledged() const noexcept { return socket_.acknowledged(); }
  std::size_t unsent() const noexcept { return queue_.size() + socket_.unsent_bytes(); }
  unsigned any_byte() noexcept { return loop_.keys.next()[0]; }
  void look_once_more() { loop_.sockets.make_ready(*this); }
  void silent() { owner_.on_silent(); }
  void stalled() { owner_.on_stalled(); }

  // --- the end, outside of turns ---

  /// Closing handshake: what is queued is sent, a Close behind it (`none`: without), then FIN; what still arrives is
  /// dropped until the peer's FIN, all for at most `patience`. Then the socket is gone. Returns at once if it is
  /// already, or never was there.
  awaitable<void> close(wire::close_code code, std::string reason, duration patience);

  std::uint64_t bytes_in() const noexcept { return bytes_in_; }
  std::uint64_t bytes_out() const noexcept { return bytes_out_; }

 private:
  struct aside {
    std::string rest;       // read before we were attached, or put back
    std::string owed_pong;  // frame of the answer to the latest ping while output is blocked (RFC 6455 section 5.5.3)
  };

  std::size_t on_ready(std::span<char> buffer) override;
  void on_flush() override;

  void begin(std::string rest);
  std::size_t read(std::span<char> buffer);
  std::size_t read_rest(std::span<char> buffer);
  std::size_t discard(std::span<char> buffer);
  bool takes_for_itself(wire::event& control);
  void answer_ping(std::span<char const> payload);
  aside& put_aside();
  bool owes_pong() const noexcept { return aside_ && !aside_->owed_pong.empty(); }
  std::string take_owed_pong();
  void drop_rest() noexcept;
  void note_size();
  void lost(std::error_code cause);
  void detach() noexcept;
  awaitable<void> closing_handshake(wire::close_code code, std::string reason, duration patience);

  loop& loop_;
  peer_owner& owner_;
  wire::decoder decoder_;
  transport socket_;
  send_queue queue_;
  watermarks marks_;
  heartbeat heartbeat_;
  pace control_frames_;
  wire::role role_;
  bool passes_control_ = false;
  bool congested_ = false;
  bool lost_ = false;
  bool closing_ = false;
  bool close_sent_ = false;
  event* changed_ = nullptr;  // close() waits for it
  std::uint64_t bytes_in_ = 0;
  std::uint64_t bytes_out_ = 0;
  std::unique_ptr<aside> aside_;  // while there is something
};

}  // namespace gw::net
