// A plain WebSocket carried 1:1: one client, one upstream, nothing looked into (PRODUCT.md section 4, pass-through).
// The upstream is dialled before the client gets its 101; from then on messages, pings, pongs and Closes are relayed.
#pragma once

#include "gateway/conversation.hpp"
#include "gateway/dial.hpp"
#include "gateway/idle_watch.hpp"
#include "gateway/session.hpp"
#include "net/peer.hpp"
#include "route/handshake_routes.hpp"

#include <cstdint>
#include <optional>
#include <string>

namespace gw::gateway {

class worker;

/// Created, run and destroyed by serve_tunnel().
class tunnel final : public conversation {
 public:
  tunnel(worker& where, client_facts facts, route::handshake_route const& by, dialled upstream);
  ~tunnel();

  /// From the 101 to the end of both sides.
  net::awaitable<void> run(net::transport client, std::string rest);

  void end(session_end why) override;
  void drain(std::string reason) override;
  void announce_drain(std::chrono::milliseconds) override {}
  std::size_t held_bytes() const noexcept override;

 private:
  /// One of the two WebSockets, as the other's source.
  class side final : public net::peer_owner {
   public:
    side(tunnel& of, wire::role we_are, std::uint64_t max_message, net::queue_marks marks);

    void on_bytes(std::span<char> bytes) override;
    bool may_read() const override;
    std::size_t read_room() const override;
    void on_drained() override;
    void on_lost(std::error_code cause) override;
    void on_silent() override;
    void on_stalled() override;
    void on_round_trip(duration took) override;

    net::peer peer;
    side* other = nullptr;
    std::uint64_t messages = 0;  // that came from here

   private:
    void relay(wire::event const& e);
    void relay_piece(wire::event const& piece);
    void relay_control(wire::event const& control);
    void count(std::size_t bytes, bool whole);
    bool is_client() const noexcept;

    tunnel& tunnel_;
    wire::role role_;
  };

  void say_goodbye();
  static void on_goodbye_over(void* self);
  static std::uint64_t activity(void const* self);
  static void on_idle(void* self);
  static void on_life_over(void* self);
  /// A side ended: what it is told, and what the other is told.
  void finish(session_end why, wire::close_code to_upstream, std::string upstream_reason);
  void log_open() const;
  void log_close() const;

  worker& worker_;
  client_facts facts_;
  std::string route_;
  std::uint32_t service_;
  dialled dialled_;
  time_point opened_;
  side client_;
  side upstream_;
  net::event ended_;
  net::timer goodbye_;                  // while we wait for the client's Close
  idle_watch idle_;                     // session.idle_timeout
  net::timer life_;                     // session.max_life
  std::optional<std::string> drained_;  // the reason of the Close that has been, or is to be, sent
  bool said_goodbye_ = false;
  std::optional<session_end> end_;  // the client is told
  wire::close_code to_upstream_{};
  std::string upstream_reason_;
};

}  // namespace gw::gateway
