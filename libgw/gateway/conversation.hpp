// What a worker knows of everything that goes on behind an upgrade, be it a session with its channels or a tunnel:
// enough to end it. Lives in its coroutine's frame; the worker's lists only point at it.
#pragma once

#include "gateway/stats.hpp"
#include "wire/close_code.hpp"

#include <boost/intrusive/list.hpp>

#include <chrono>
#include <cstddef>
#include <string>

namespace gw::gateway {

/// Why a conversation ends, and with which Close to the client.
struct session_end {
  initiator by = initiator::gateway;
  wire::close_code code = wire::close_code::internal_error;
  std::string reason{};
};

/// Whether a client that is closed with `code` can be expected to take the Close and answer it.
constexpr bool hears_us(wire::close_code code) noexcept {
  return code != wire::close_code::slow_consumer && code != wire::close_code::try_again_later &&
         code != wire::close_code::no_life;
}

/// Called on its worker's thread only.
class conversation
    : public boost::intrusive::list_base_hook<boost::intrusive::link_mode<boost::intrusive::auto_unlink>> {
 public:
  /// Marks the end; its coroutine does the rest. The first call counts. Allowed inside a turn.
  virtual void end(session_end why) = 0;
  /// The process is about to stop: ends with Close 1012 and `reason`, without cutting a message.
  virtual void drain(std::string reason) = 0;
  /// Tells a client that understands it that it will be drained.
  virtual void announce_drain(std::chrono::milliseconds within) = 0;
  /// Bytes that wait in its queues and buffers.
  virtual std::size_t held_bytes() const noexcept = 0;

 protected:
  ~conversation() = default;
};

}  // namespace gw::gateway
