// Writes the texts by which the gateway itself answers on a client's socket: error frames and the answer to a
// heartbeat (PRODUCT.md sections 3.5 and 6). Knows nothing of sessions: the caller brings the facts.
#pragma once

#include "core/error.hpp"
#include "wire/correlation.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace gw::wire {

/// How a channel ended; see `lastSeq` and its neighbours in PRODUCT.md section 4.
struct channel_facts {
  std::optional<std::uint16_t> close_code;  // absent if the upstream sent none
  std::string_view reason;                  // the upstream's, left out if empty
  std::uint64_t epoch = 0;
  std::uint64_t last_seq = 0;
  std::uint64_t forwarded = 0;
  std::uint64_t received = 0;
  std::string_view state = "closed";  // in control messages
};

/// Many faults of one code, folded into one frame.
struct repeat_facts {
  std::uint64_t seq_from = 0;
  std::uint64_t seq_to = 0;
  std::uint64_t repeated = 0;
};

/// Members of the frame; http, retryable and status follow from the code. Empty texts and a `seq` of 0 are left out.
struct error_facts {
  errc code = errc::internal;
  std::string_view message;                // for people
  std::string_view stage;                  // parse, route, discover, connect, relay …
  std::optional<std::string_view> method;  // decoded; null if unknown
  correlation data;                        // as find_correlation() found it
  std::string_view service;
  std::optional<unsigned> retry_after_ms;
  bool sent = false;      // a byte of the message was handed to an upstream
  std::uint64_t seq = 0;  // ordinal of the client's message on its session, from 1
  std::string_view conn;
  std::string_view trace;
  std::optional<int> upstream_status;  // HTTP status with which the upstream refused the handshake
  std::optional<channel_facts> channel;
  std::optional<repeat_facts> repeat;
  std::optional<int> status;  // instead of the code's own: notice_status
};

/// `status` of a notice that the upstream closed normally.
inline constexpr int notice_status = 4;

inline constexpr std::size_t max_error_frame = 4096;

/// One line of valid JSON of at most max_error_frame bytes; texts that are too long are cut, bytes that are not UTF-8
/// become U+FFFD.
std::string make_error_frame(error_facts const& facts);

/// The answer to `/api/v{n}/gateway/heartbeat`: status 0 and the correlation keys.
std::string make_heartbeat_reply(std::string_view method, correlation const& data);

}  // namespace gw::wire
