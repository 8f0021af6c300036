// Everything the gateway itself says to a client: error frames, notices, control messages. Keeps the pace of error
// frames, and waits while a streamed message owns the client's output. Owned by a session.
#pragma once

#include "core/pace.hpp"
#include "gateway/stats.hpp"
#include "net/peer.hpp"
#include "wire/error_frame.hpp"

#include <memory>
#include <string>
#include <string_view>

namespace gw::gateway {

struct client_facts;

class answers {
 public:
  answers(net::loop& where, net::peer& client, client_facts const& who, worker_stats& stats);
  ~answers();

  /// An error frame. Those for faults of the client (4xx) leave at most 20 a second; the rest is folded into one frame
  /// per second and code.
  void refuse(wire::error_facts facts);
  /// A channel ended: an error frame, or for a client of wsgw.v1 a control message. Never limited.
  void channel_closed(wire::error_facts facts);
  /// Any other text of ours.
  void say(std::string_view text);

  /// Between these two only whole messages of others may not be cut: what is said waits.
  void hold() noexcept { held_ = true; }
  void release();
  std::size_t waiting() const noexcept { return waiting_.size(); }

 private:
  struct folding;

  void send(wire::error_facts facts);
  void fold(wire::error_facts const& facts);
  static void on_fold_over(void* self);

  net::loop& loop_;
  net::peer& client_;
  client_facts const& who_;
  worker_stats& stats_;
  pace faults_;
  std::unique_ptr<folding> folding_;  // while there is something to fold
  std::string waiting_;               // whole frames
  bool held_ = false;
};

}  // namespace gw::gateway
