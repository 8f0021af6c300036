// A client of gw_relay with its connections to the upstreams, and what is known of each socket.
#pragma once

#include "frame_walk.hpp"

#include "net/unique_fd.hpp"

#include <algorithm>
#include <cstddef>
#include <string>
#include <utility>
#include <vector>

struct tunnel;

/// One of a tunnel's sockets.
struct side {
  side(tunnel& owner, gw::net::unique_fd fd) : of(owner), socket(std::move(fd)) {}

  tunnel& of;
  gw::net::unique_fd socket;
  bool readable = false;
  bool ends = false;  // the peer sends nothing behind what can be read
  bool full = false;
  std::string waiting{};   // to be sent
  std::size_t taken = 0;   // bytes of it that were
  frame_walk frames{};     // of what it sends to us
  std::string response{};  // to the handshake
};

/// A client and its upstreams.
struct tunnel {
  std::vector<side> sides{};  // the client first
  std::size_t turn = 1;       // whose the client's next frame is
  std::size_t answers = 0;    // to the handshake
  side* talking = nullptr;    // the upstream of which half a frame went to the client
  std::size_t place = 0;      // among all tunnels
  bool queued = false;
  bool over = false;

  bool spreads() const { return sides.size() > 2; }
  bool may_read(side const& s) const {
    if (over) return false;
    if (&s != &sides[0]) return !sides[0].full && (talking == nullptr || talking == &s);
    return std::none_of(sides.begin() + 1, sides.end(), [](side const& upstream) { return upstream.full; });
  }
};
