// One client WebSocket and everything that hangs on it: reads its messages, finds each one's service and channel, and
// passes it on (the numbered steps of libgw/README.md). Lives on one worker and in one coroutine frame.
#pragma once

#include "cluster/instance.hpp"
#include "core/pace.hpp"
#include "gateway/answers.hpp"
#include "gateway/assembly.hpp"
#include "gateway/conversation.hpp"
#include "gateway/idle_watch.hpp"
#include "gateway/seats.hpp"
#include "gateway/stats.hpp"
#include "net/peer.hpp"
#include "net/task_group.hpp"
#include "route/refusal.hpp"
#include "route/table.hpp"
#include "wire/error_frame.hpp"
#include "wire/json_head.hpp"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace gw::gateway {

class channel;
class worker;

/// What the handshake told about a client.
struct client_facts {
  std::string head;         // the raw HTTP head, kept for the upstream handshakes
  std::string address;      // IP of the client, as a trusted proxy reports it if there is one
  std::string peer = {};    // IP of the other end of the socket
  bool by_proxy = false;    // that is a trusted proxy
  std::string conn;         // our name for the connection, in logs and error frames
  std::string request_id;   // X-Request-Id, the client's or made
  std::string traceparent;  // W3C trace context, the client's or made
  std::string listener;     // name of the listener it came in by
  seat address_seat{};      // counts it against max_sessions_per_ip
  seat listener_seat{};     // and against max_sessions
  bool secure = false;      // it came in by TLS
  std::string user = {};    // whom its TLS certificate names; empty: it needed none
  /// What rules ask about it.
  route::circumstances told = {};

  /// Negotiated wsgw.v1.
  bool control() const noexcept { return told.control; }
  std::string_view trace() const noexcept { return std::string_view(traceparent).substr(3, 32); }
};

/// Created, run and destroyed by serve_connection(). Its functions are called on its worker's thread only.
class session final : public conversation, public net::peer_owner {
 public:
  session(worker& where, client_facts facts);
  ~session();

  /// From the 101 to the last channel's end.
  net::awaitable<void> run(net::transport socket, std::string rest);

  /// Marks the end; run() does the rest. The first call counts. Allowed inside a turn.
  void end(session_end why) override;
  bool ending() const noexcept { return end_.has_value(); }
  /// The gateway is about to stop: a Close 1012 goes out as soon as no message is in progress toward the client. What
  /// the client says until its own Close is still forwarded; what its upstreams say is not (RELIABILITY section 3).
  void drain(std::string reason) override;
  void announce_drain(std::chrono::milliseconds within) override;
  bool said_goodbye() const noexcept { return said_goodbye_; }

  std::size_t held_bytes() const noexcept override;

  worker& where() noexcept { return worker_; }
  client_facts const& facts() const noexcept { return facts_; }

  // --- for its channels ---

  net::peer& client() noexcept { return client_; }
  /// Whole frames for the client from `from`, which must be allowed to read (may_forward()).
  bool may_forward(channel const& from) const noexcept { return owner_ == nullptr || owner_ == &from; }
  /// A message too large to hold begins: until release_output() only `owner` may send data to the client.
  void claim_output(channel& owner) noexcept;
  void release_output(channel& owner);
  bool output_owned_by(channel const& who) const noexcept { return owner_ == &who; }

  /// A channel takes messages again, or no longer keeps us from reading.
  void upstream_drained() { client_.resume_reading(); }
  /// Something of ours has grown: ends the fullest channel that is stuck if all together is more than session.memory.
  void check_memory();
  /// Messages went to the client.
  void count_out(std::uint64_t messages) noexcept { messages_out_ += messages; }
  /// `gone` has ended: no message goes to it any more. It tells the client itself, through notify().
  void forget(channel const& gone) noexcept;
  /// What `gone` carried in all.
  void account(channel const& gone);
  /// Number of the last message for `service` whose first byte was handed to any of its instances: rules may keep
  /// several channels to one service.
  std::uint64_t last_handed(std::uint32_t service) const noexcept;
  /// An error frame: at once, or as soon as no message is in progress toward the client.
  void notify(wire::error_facts facts);
  /// The same when a channel has ended.
  void notify_closed(wire::error_facts facts);
  void channel_opened(channel const& opened);

 private:
  struct open_channel {
    std::uint32_t service;
    std::optional<cluster::instance_id> instance;  // that a rule asked for
    channel* to;
  };
  struct upload;
  struct traffic {
    std::uint32_t epoch = 0;  // channels opened so far
    std::uint64_t up = 0;
    std::uint64_t down = 0;
    std::uint64_t last_handed = 0;  // by channels that have ended
  };

  void on_bytes(std::span<char> bytes) override;
  bool may_read() const override;
  std::size_t read_room() const override;
  void on_drained() override;
  void on_lost(std::error_code cause) override;
  void on_silent() override;
  void on_stalled() override;

  void on_message(wire::event const& message);
  void on_piece(wire::event const& piece);
  void on_close(wire::event const& close);
  void collect(wire::event const& piece);
  void begin_streaming();
  void stream_piece(std::span<char> payload, bool last);
  void finish_collected();
  void abort_streamed(errc why, std::string_view text);

  route::decision decide(wire::opcode op, std::string_view text);
  /// The channel for `d`, opened if need be; null: the client has been told why not.
  channel* channel_for(route::decision const& d, std::string_view text);
  channel* open_channel_to(std::uint32_t service, std::optional<cluster::instance_id> instance);
  /// What is not for a channel: the gateway's own business, or a refusal.
  void answer(route::decision const& d, std::string_view text);
  void refuse(route::decision const& d, route::refusal const& because, std::string_view text);
  void on_control(route::decision const& d, std::string_view text);
  void close_channels(route::decision const& d, std::string_view service, std::string_view text);

  void add_to_run(channel& to, std::span<char> frame);
  void send_run();

  void start_clocks();
  void say_goodbye();
  static void on_goodbye_over(void* self);
  static std::uint64_t activity(void const* self);
  static void on_idle(void* self);
  static void on_life_over(void* self);
  net::awaitable<void> tear_down();
  void log_open() const;
  void log_close() const;
  std::string traffic_text() const;

  worker& worker_;
  client_facts facts_;
  time_point opened_;
  net::peer client_;
  net::event ended_;
  net::task_group channels_running_;
  std::vector<open_channel> channels_;
  std::vector<traffic> traffic_;  // by service, grown on demand
  channel* owner_ = nullptr;      // of the client's data output
  answers answers_;
  std::unique_ptr<upload> upload_;  // a message that came in pieces
  std::optional<session_end> end_;
  pace bad_messages_;
  net::timer goodbye_;                  // while we wait for the client's Close
  idle_watch idle_;                     // session.idle_timeout
  net::timer life_;                     // session.max_life
  std::optional<std::string> drained_;  // the reason of the Close that has been, or is to be, sent
  bool said_goodbye_ = false;

  std::uint64_t seq_ = 0;  // number of the client's latest data message
  std::uint64_t messages_out_ = 0;
  std::uint64_t refused_ = 0;

  // Consecutive frames for one channel, contiguous in the read buffer; they leave together.
  struct run_of_frames {
    channel* to = nullptr;
    char* begin = nullptr;
    char* end = nullptr;
    std::uint64_t first_seq = 0;
    std::uint64_t messages = 0;
  } run_;
};

}  // namespace gw::gateway
