// Reads raw HTTP heads from a stream. What a head may look like is judged by wire/strict_head.
#pragma once

#include "core/error.hpp"
#include "net/awaitable.hpp"
#include "net/stream.hpp"

#include <string>

namespace gw::net {

/// Bytes received so far: a head at the front, perhaps more behind it.
struct received_head {
  std::string bytes;
  std::size_t head_size = 0;
  int interim = 0;  // answers that came in front of it and were passed over

  std::string_view head() const noexcept { return std::string_view(bytes).substr(0, head_size); }
  std::string rest() const { return bytes.substr(head_size); }
};

/// Reads until a whole head (up to CRLFCRLF) is there. errc::bad_handshake if more than `limit` bytes came without its
/// end; errc::closed if the peer went first. `into.bytes` may hold the beginning already.
awaitable<result<>> read_head(stream& from, received_head& into, std::size_t limit);

/// The same for an answer: interim ones (RFC 9110 section 15.2; not 101) are passed over, four at most. What is there
/// in the end is the final one, the fifth interim one, or none at all by wire/strict_head.
awaitable<result<>> read_final_head(stream& from, received_head& into, std::size_t limit);

}  // namespace gw::net
