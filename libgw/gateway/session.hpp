// One client WebSocket and everything that hangs on it: reads its messages, finds each one's service and channel, and
// passes it on (the numbered steps of libgw/README.md). Lives on one worker.
#pragma once

#include "cluster/instance.hpp"
#include "core/pace.hpp"
#include "gateway/answers.hpp"
#include "gateway/assembly.hpp"
#include "gateway/conversation.hpp"
#include "gateway/stats.hpp"
#include "net/peer.hpp"
#include "net/task_group.hpp"
#include "route/refusal.hpp"
#include "route/table.hpp"
#include "wire/deflate.hpp"
#include "wire/error_frame.hpp"
#include "wire/json_head.hpp"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace gw::gateway {

class channel;
enum class chosen_by : std::uint8_t;

/// Created by serve_connection(). Its functions are called on its worker's thread only.
class session final : public conversation, public net::peer_owner {
 public:
  session(worker& where, client_facts facts);
  ~session() override;

  void announce_drain(std::chrono::milliseconds within) override;
  std::size_t held_bytes() const noexcept override;
  void bounds_changed() override;

  // --- for its channels ---

  net::peer& client() noexcept override { return client_; }
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
  /// A whole message of `size` bytes is to be compressed for this client.
  bool compresses(std::size_t size) const noexcept {
    auto const bits = facts_.deflate_window;
    return bits != 0 && size >= wire::worth_deflating && wire::fits_window(size, bits);
  }
  /// Messages went to the client.
  void count_out(std::uint64_t messages) noexcept { messages_out_ += messages; }
  /// Starts what a channel does outside of turns; the session outlives it.
  void spawn(net::awaitable<void> task) noexcept { channel_tasks_.spawn(std::move(task)); }
  /// `gone` has ended: no message goes to it any more. It tells the client itself, through notify().
  void forget(channel const& gone) noexcept;
  /// `gone` is destroyed: what it carried in all.
  void account(channel const& gone);
  /// Number of the last message for `service` whose first byte was handed to any of its instances: rules may keep
  /// several channels to one service.
  std::uint64_t last_handed(std::uint32_t service) const noexcept;
  /// An error frame: at once, or as soon as no message is in progress toward the client.
  void notify(wire::error_facts facts);
  /// The same when a channel has ended.
  void notify_closed(wire::error_facts facts);
  /// False: it stood by in vain, and ends.
  bool channel_opened(channel& opened);
  /// `quiet` is to move, to the instance `to` or wherever the balancer says: another one is dialled, and has its place
  /// as soon as that is open. False: not now.
  bool move(channel& quiet, std::optional<cluster::instance_id> to);
  /// Nobody else feeds the client.
  bool has_one_channel() const noexcept { return channels_.size() == 1; }

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
  void on_compressed(wire::event const& e);
  void relay(wire::event const& message);
  void relay_compressed(wire::opcode op, std::span<char const> payload);
  void on_piece(wire::event const& piece);
  void on_close(wire::event const& close);
  void collect(wire::event const& piece);
  bool begin_streaming(std::span<char> begin);
  bool admit_streamed(route::decision const& d, std::string_view text);
  void stream_piece(std::span<char> payload, bool last);
  void finish_collected();
  void abort_streamed(errc why, std::string_view text);

  route::decision decide(wire::opcode op, std::string_view text);
  /// The channel for `d`, opened if need be; null: the client has been told why not.
  channel* channel_for(route::decision const& d, std::string_view text);
  channel* open_channel_to(std::uint32_t service, std::optional<cluster::instance_id> instance, chosen_by who);
  channel* enter(std::unique_ptr<channel> opened, std::optional<cluster::instance_id> instance);
  bool has_place_for_a_channel() const;
  /// Who serves `service` where no rule asks for an instance; null: nobody.
  channel* server_of(std::uint32_t service) const;
  bool relieve(channel& fresh);
  /// What is not for a channel: the gateway's own business, or a refusal.
  void answer(route::decision const& d, std::string_view text);
  void refuse(route::decision const& d, route::refusal const& because, std::string_view text);
  void on_control(route::decision const& d, std::string_view text);
  void close_channels(route::decision const& d, std::string_view service, std::string_view text);

  void add_to_run(channel& to, std::span<char> frame);
  void send_run(bool last = false);

  result<> attach(net::stream& connection, std::string rest) override;
  void greet() override;
  bool inside_message_to_client() const noexcept override { return owner_ != nullptr; }
  std::uint64_t activity() const noexcept override;
  net::awaitable<void> tear_down() override;
  void log_open() const override;
  void log_close() const override;
  std::string traffic_text() const;

  net::peer client_;
  net::task_group channel_tasks_;   // that dial, or close
  std::size_t channels_alive_ = 0;  // closing ones, too
  std::vector<open_channel> channels_;
  std::vector<traffic> traffic_;  // by service, grown on demand
  channel* owner_ = nullptr;      // of the client's data output
  answers answers_;
  std::unique_ptr<upload> upload_;  // a message that came in pieces
  pace bad_messages_;
  std::uint64_t seq_ = 0;  // number of the client's latest data message
  std::uint64_t messages_out_ = 0;
  std::size_t inflated_now_ = 0;  // bytes, of the read at hand
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
