// A plain WebSocket carried 1:1: one client, one upstream, nothing looked into (PRODUCT.md section 4, pass-through).
// The upstream is dialled before the client gets its 101; from then on messages, pings, pongs and Closes are relayed.
#pragma once

#include "gateway/conversation.hpp"
#include "gateway/dial.hpp"
#include "net/peer.hpp"
#include "route/handshake_routes.hpp"

#include <cstdint>
#include <optional>
#include <string>

namespace gw::gateway {

/// Created by serve_connection().
class tunnel final : public conversation {
 public:
  tunnel(worker& where, client_facts facts, route::handshake_route const& by, dialled upstream);
  ~tunnel() override;

  std::size_t held_bytes() const noexcept override;
  void bounds_changed() override;

 private:
  /// One of the two WebSockets, as the other's source.
  class side final : public net::peer_owner {
   public:
    side(tunnel& of, wire::role we_are, std::uint64_t max_message, watermarks marks);

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

  net::peer& client() noexcept override { return client_.peer; }
  result<> attach(net::stream& connection, std::string rest) override;
  bool inside_message_to_client() const noexcept override { return upstream_.peer.inside_message(); }
  std::uint64_t activity() const noexcept override;
  net::awaitable<void> tear_down() override;
  void log_open() const override;
  void log_close() const override;

  /// A side ended: what the client is told, and what the upstream is told.
  void finish(session_end why, wire::close_code to_upstream, std::string upstream_reason);

  std::string route_;
  std::uint32_t service_;
  dialled dialled_;
  side client_;
  side upstream_;
  // Said to the upstream, unless a drain or the gateway itself ends it.
  wire::close_code to_upstream_ = wire::close_code::going_away;
  std::string upstream_reason_;
};

}  // namespace gw::gateway
